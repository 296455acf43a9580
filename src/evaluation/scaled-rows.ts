// The inputs of the baselines: each feature robustly scaled and clipped, 0 where it is unknown.
import type { Feature } from '../model/features.ts'
import { fitScaling, type Scaling, scaled, transformed } from '../model/scaling.ts'
import type { TrainingSet } from '../model/training-rows.ts'

export interface ScaledRows {
  readonly width: number
  /** Columns that are unknown in some rows and known in others. */
  readonly sometimesUnknown: readonly number[]
  /** Writes the scaled values of a row. */
  read(matrix: Float64Array, row: number, out: Float64Array): void
  /** Largest absolute deviation of any feature in a row, not clipped. */
  largest(matrix: Float64Array, row: number): number
}

/** Below this share of unknown values, or above 1 minus it, that a value is unknown says nothing. */
const UNKNOWN_FROM = 0.001

/** Scaling fitted to the rows of a span. */
export function fitScaledRows(
  features: readonly Pick<Feature, 'transform'>[],
  { matrix }: Pick<TrainingSet, 'matrix'>,
  [from, to]: readonly [number, number],
): ScaledRows {
  const width = features.length
  const scalings: Scaling[] = []
  const sometimesUnknown: number[] = []
  for (const [column, { transform }] of features.entries()) {
    const values = Float64Array.from(
      { length: to - from },
      (_, i) => matrix[(from + i) * width + column] ?? Number.NaN,
    )
    scalings.push(fitScaling(values, transform))
    const unknown = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0) / values.length
    if (unknown >= UNKNOWN_FROM && unknown <= 1 - UNKNOWN_FROM) sometimesUnknown.push(column)
  }
  return {
    width,
    sometimesUnknown,
    read(rows, row, out) {
      for (const [column, scaling] of scalings.entries())
        out[column] = scaled(rows[row * width + column] ?? Number.NaN, scaling)
    },
    largest(rows, row) {
      let most = 0
      for (const [column, { transform, centre, scale }] of scalings.entries()) {
        const value = rows[row * width + column] ?? Number.NaN
        if (Number.isFinite(value))
          most = Math.max(most, Math.abs(transformed(value, transform) - centre) / scale)
      }
      return most
    },
  }
}
