// From a feature's value to the net's input: logarithm where asked for, then robustly centred and scaled, then clipped.
// Robust (median and quantiles) because the amounts and counts of payments have long tails that a mean would follow.

export const TRANSFORMS = ['linear', 'log'] as const
export type Transform = (typeof TRANSFORMS)[number]

export interface Scaling {
  readonly transform: Transform
  /** Median of the transformed training values. */
  readonly centre: number
  /** Distance of the 10th and 90th percentile over 2.563, which is one standard deviation of a normal distribution; 1 if they are equal. */
  readonly scale: number
  /** Scaled values are held within ± this. */
  readonly clip: number
}

/** Distance of the 10th and 90th percentile of the standard normal distribution. */
const NORMAL_SPREAD = 2.563
/** Beyond this, one outlier would outweigh everything else that is odd about an event. */
export const CLIP = 6

/** What the scaling starts from: the value, or its signed logarithm ln(1 + |x|). */
export function transformed(value: number, transform: Transform): number {
  return transform === 'log' ? Math.sign(value) * Math.log1p(Math.abs(value)) : value
}

/** The scaling that fits these values; unknown ones (not finite) are left out. */
export function fitScaling(values: Float64Array, transform: Transform): Scaling {
  const known = values
    .filter((value) => Number.isFinite(value))
    .map((value) => transformed(value, transform))
    .sort()
  const spread = (quantileOf(known, 0.9) - quantileOf(known, 0.1)) / NORMAL_SPREAD
  const wide = (quantileOf(known, 0.999) - quantileOf(known, 0.001)) / (2 * NORMAL_SPREAD)
  const scale = spread > 0 ? spread : wide > 0 ? wide : 1
  return { transform, centre: quantileOf(known, 0.5), scale, clip: CLIP }
}

/** The net's input for a value; 0, the centre, when it is unknown. */
export function scaled(value: number, scaling: Scaling): number {
  return Number.isFinite(value) ? scaledTransformed(transformed(value, scaling.transform), scaling) : 0
}

/** The same for a known value that is transformed already. */
export function scaledTransformed(x: number, { centre, scale, clip }: Scaling): number {
  return Math.max(-clip, Math.min(clip, (x - centre) / scale))
}

/** Quantile `q` of sorted values by the nearest rank; 0 when there are none. */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))
  return sorted[rank] ?? 0
}
