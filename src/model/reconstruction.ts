// The net's input for a row of features, and the raw score of what came back: the weighted mean of each feature's squared error.
// Because it is a sum over features, its parts are exact attributions.
import type { Manifest } from './manifest.ts'
import { scaled } from './scaling.ts'

type Served = Pick<Manifest['features'][number], 'scaling' | 'missing' | 'weight'>

/** Inputs of the net: one for each feature, then one for each that is flagged when unknown. */
export function inputWidth(features: readonly Pick<Served, 'missing'>[]): number {
  return features.length + features.filter(({ missing }) => missing.flagged).length
}

/** Writes the input of the row that stands at `row` in `values` to `at` in `input`. */
export function encodeRow(
  features: readonly Pick<Served, 'scaling' | 'missing'>[],
  values: Float64Array,
  row: number,
  input: Float32Array,
  at: number,
): void {
  let flag = at + features.length
  for (const [i, { scaling, missing }] of features.entries()) {
    const value = values[row + i] ?? Number.NaN
    input[at + i] = scaled(value, scaling)
    if (missing.flagged) input[flag++] = Number.isFinite(value) ? 0 : 1
  }
}

/**
 * Returns the raw score of a row, and writes the part of each feature to `parts`; the raw score is their mean. An unknown value
 * has no error of its own, but its flag has.
 */
export type RawScore = (
  values: Float64Array,
  row: number,
  input: Float32Array,
  output: Float32Array,
  at: number,
  parts: Float64Array,
) => number

export function createRawScore(features: readonly Pick<Served, 'missing' | 'weight'>[]): RawScore {
  return (values, row, input, output, at, parts) => {
    let flag = at + features.length
    let sum = 0
    for (const [i, { missing, weight }] of features.entries()) {
      const error = Number.isFinite(values[row + i]) ? squaredError(input, output, at + i) : 0
      const flagError = missing.flagged ? squaredError(input, output, flag++) : 0
      const part = weight * (error + flagError)
      parts[i] = part
      sum += part
    }
    return sum / features.length
  }
}

function squaredError(input: Float32Array, output: Float32Array, at: number): number {
  const difference = (input[at] ?? 0) - (output[at] ?? 0)
  return difference * difference
}
