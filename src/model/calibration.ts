// From raw score to percentile: 0.99 means "higher than 99 % of the calibration span's traffic", whatever the model.
import { quantileOf } from './scaling.ts'

export interface Calibration {
  /** Raw scores, not descending. */
  readonly raw: readonly number[]
  /** The percentile at each of them, 0 to 1, ascending. */
  readonly percentile: readonly number[]
}

/** Decimals of a published score: as many as the largest calibration span can tell apart. */
const DECIMALS = 1_000_000
/** Percentiles at which the table has a point: finer towards the top, where thresholds lie. */
const POINTS = [
  ...range(0, 0.9, 0.05),
  ...range(0.9, 0.99, 0.01),
  ...range(0.99, 0.999, 0.001),
  ...range(0.999, 0.9999, 0.0001),
  0.9999,
  1,
]

/** The table of these raw scores. */
export function fitCalibration(rawScores: Float64Array): Calibration {
  const sorted = rawScores.toSorted()
  return { percentile: POINTS, raw: POINTS.map((q) => quantileOf(sorted, q)) }
}

/** The percentile of a raw score, linear between the table's points, rounded to 6 decimals. */
export function percentileOf(raw: number, { raw: raws, percentile }: Calibration): number {
  let low = 0
  let high = raws.length - 1
  if (raw >= (raws[high] ?? 0)) return 1
  if (raw <= (raws[0] ?? 0)) return 0
  // The last point whose raw score is not above: with equal ones in a row the highest percentile holds.
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((raws[middle] ?? 0) <= raw) low = middle
    else high = middle
  }
  const [from = 0, to = 0] = [raws[low], raws[high]]
  const [p = 0, next = 0] = [percentile[low], percentile[high]]
  const part = to > from ? (raw - from) / (to - from) : 0
  return Math.round((p + part * (next - p)) * DECIMALS) / DECIMALS
}

function range(from: number, to: number, step: number): number[] {
  const count = Math.round((to - from) / step)
  return Array.from({ length: count }, (_, i) => Math.round((from + i * step) * DECIMALS) / DECIMALS)
}
