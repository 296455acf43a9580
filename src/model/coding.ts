// The supervised head's input: each feature piecewise-linearly coded between training quantiles (Gorishniy et al., "On Embeddings for
// Numerical Features in Tabular Deep Learning", 2022), beside its clipped, standardised value and a flag for unknown.
import type { Feature } from './features.ts'
import { fitScaling, quantileOf, type Scaling, scaledTransformed, transformed } from './scaling.ts'

export interface Coding {
  readonly scaling: Scaling
  /** Transformed values, ascending; one input for each interval between them. */
  readonly knots: number[]
  /** Whether unknown values have an input of their own; without one they stand at the centre. */
  readonly flagged: boolean
}

interface Coded {
  readonly coding: Coding
}

/** Thirteen even quantiles and the tails. */
const QUANTILES = [
  0.005,
  ...Array.from({ length: 13 }, (_, i) => (i + 1) / 14),
  0.98,
  0.995,
  0.999,
  0.9995,
] as const
/** An unknown value gets an input of its own when it is neither hardly ever nor nearly always unknown. */
const FLAG_FROM = 0.001

export function fitCoding(values: Float64Array, { transform }: Pick<Feature, 'transform'>): Coding {
  const known = values
    .filter((value) => Number.isFinite(value))
    .map((value) => transformed(value, transform))
    .sort()
  const share = 1 - known.length / values.length
  const [least = 0, most = 0] = [known[0], known.at(-1)]
  const knots = known.length === 0 ? [0] : [least, ...QUANTILES.map((q) => quantileOf(known, q)), most]
  return {
    scaling: fitScaling(values, transform),
    knots: [...new Set(knots)].sort((a, b) => a - b),
    flagged: share >= FLAG_FROM && share <= 1 - FLAG_FROM,
  }
}

/** Inputs that a row takes. */
export function codedWidth(features: readonly Coded[]): number {
  return features.reduce((sum, { coding }) => sum + widthOf(coding), 0)
}

/** Index of the feature that each input belongs to. */
export function featureOfInput(features: readonly Coded[]): Uint16Array {
  return Uint16Array.from(
    features.flatMap(({ coding }, i) => Array.from({ length: widthOf(coding) }, () => i)),
  )
}

function widthOf({ knots, flagged }: Coding): number {
  return knots.length - 1 + 1 + (flagged ? 1 : 0)
}

/** Writes the `width` (codedWidth) inputs of the row that stands at `row` in `values` to `at` in `out`. */
export function codeRow(
  features: readonly Coded[],
  values: Float64Array,
  row: number,
  out: Float32Array,
  at: number,
  width: number,
): void {
  const xs = new Float64Array(features.length)
  for (let i = 0; i < xs.length; i++)
    xs[i] = transformed(values[row + i] ?? Number.NaN, features[i]?.coding.scaling.transform ?? 'linear')
  codeTransformed(features, xs, 0, out, at, width)
}

/** The same for a row of values that are transformed already: when served, both heads ask for the logarithm. */
export function codeTransformed(
  features: readonly Coded[],
  xs: Float64Array,
  row: number,
  out: Float32Array,
  at: number,
  width: number,
): void {
  let to = at
  // What lies above the value stays 0: 2 µs a row less than writing every input, measured with 638 inputs.
  out.fill(0, at, at + width)
  for (let i = 0; i < features.length; i++) {
    const coding = features[i]?.coding
    if (coding === undefined) continue
    const value = xs[row + i] ?? Number.NaN
    const known = Number.isFinite(value)
    const { knots, scaling, flagged } = coding
    const x = known ? value : scaling.centre
    let from = knots[0] ?? 0
    for (let k = 1; k < knots.length && x > from; k++) {
      const until = knots[k] ?? 0
      out[to + k - 1] = x >= until ? 1 : (x - from) / (until - from)
      from = until
    }
    to += knots.length - 1
    out[to++] = scaledTransformed(x, scaling)
    if (flagged) out[to++] = known ? 0 : 1
  }
}
