// What a model has to beat: the amount, the largest deviation, Mahalanobis' distance, and logistic regression, fitted to the same
// rows as the heads.
import type { Feature } from '../model/features.ts'
import type { TrainingSet } from '../model/training-rows.ts'
import { createRandom } from '../simulator/random.ts'
import { factor, solveLower } from './cholesky.ts'
import { type Judge, type ScoreId, spansOf } from './judge.ts'
import { levelled } from './level.ts'
import { fitLogistic } from './logistic.ts'
import { fitScaledRows, type ScaledRows } from './scaled-rows.ts'

type Span = readonly [from: number, to: number]
type RowScore = (matrix: Float64Array, row: number) => number

/** Rows that the covariance is estimated from, at most. */
const COVARIANCE_ROWS = 20_000
/** Added to the variances, which are about 1: keeps features that say the same from making the covariance singular. */
const RIDGE = 1e-3
/** Genuine rows for each fraud of the logistic regression, and at least so many. */
const GENUINE_PER_FRAUD = 30
const LEAST_GENUINE = 20_000
const LEAST_FRAUDS = 30

export interface BaselineOptions {
  readonly features: readonly Feature[]
  readonly seed: number
}

export function createBaselineJudge({ features, seed }: BaselineOptions): Judge {
  return {
    async fit(known) {
      const { train } = spansOf(known)
      const scaling = fitScaledRows(features, known, train)
      const distance = fitMahalanobis(scaling, known, train)
      const logistic = fitLogisticRows(scaling, known, train, seed)
      const fitted = levelled(known, ({ matrix, rows }) => {
        const all = (of: RowScore): Float64Array =>
          Float64Array.from({ length: rows }, (_, row) => of(matrix, row))
        return new Map<ScoreId, ArrayLike<number> | null>([
          ['max_z', all(scaling.largest)],
          ['mahalanobis', all(distance)],
          ['logistic', logistic === null ? null : all(logistic)],
        ])
      })
      return {
        score: (rows) => new Map([['amount', rows.amounts], ...fitted(rows)]),
        close: () => undefined,
      }
    },
  }
}

/** Squared distance from the mean. */
function fitMahalanobis({ width, read }: ScaledRows, { matrix }: TrainingSet, [from, to]: Span): RowScore {
  const step = Math.max(1, Math.floor((to - from) / COVARIANCE_ROWS))
  const mean = new Float64Array(width)
  const covariance = new Float64Array(width * width)
  const values = new Float64Array(width)
  let rows = 0
  for (let row = from; row < to; row += step, rows++) {
    read(matrix, row, values)
    for (let i = 0; i < width; i++) mean[i] = (mean[i] ?? 0) + (values[i] ?? 0)
  }
  for (let i = 0; i < width; i++) mean[i] = (mean[i] ?? 0) / rows
  for (let row = from; row < to; row += step) {
    readCentred(matrix, row)
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++)
        covariance[i * width + j] =
          (covariance[i * width + j] ?? 0) + ((values[i] ?? 0) * (values[j] ?? 0)) / rows
  }
  for (let i = 0; i < width; i++) covariance[i * width + i] = (covariance[i * width + i] ?? 0) + RIDGE
  const lower = factor(covariance, width)

  function readCentred(of: Float64Array, row: number): void {
    read(of, row, values)
    for (let i = 0; i < width; i++) values[i] = (values[i] ?? 0) - (mean[i] ?? 0)
  }
  return (of, row) => {
    readCentred(of, row)
    solveLower(lower, values)
    return values.reduce((sum, value) => sum + value * value, 0)
  }
}

/** Log-odds, up to a constant that the sampling of genuine rows shifts; null with too few labelled frauds. */
function fitLogisticRows(
  { width, sometimesUnknown, read }: ScaledRows,
  { matrix, labelledMs }: TrainingSet,
  [from, to]: Span,
  seed: number,
): RowScore | null {
  const isFraud = (row: number): boolean => Number.isFinite(labelledMs[row])
  const rows = Array.from({ length: to - from }, (_, i) => from + i)
  const frauds = rows.filter(isFraud).length
  if (frauds < LEAST_FRAUDS) return null
  const random = createRandom(seed, 21)
  const kept = Math.max(LEAST_GENUINE, GENUINE_PER_FRAUD * frauds) / (rows.length - frauds)
  const sample = rows.filter((row) => isFraud(row) || random.chance(kept))
  const inputs = width + sometimesUnknown.length
  const input = new Float64Array(inputs)
  const readInput = (of: Float64Array, row: number): void => {
    read(of, row, input)
    for (const [i, column] of sometimesUnknown.entries())
      input[width + i] = Number.isFinite(of[row * width + column]) ? 0 : 1
  }
  const table = new Float64Array(sample.length * inputs)
  for (const [i, row] of sample.entries()) {
    readInput(matrix, row)
    table.set(input, i * inputs)
  }
  const weights = fitLogistic(
    table,
    Uint8Array.from(sample, (row) => (isFraud(row) ? 1 : 0)),
  )
  return (of, row) => {
    readInput(of, row)
    return input.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), weights[inputs] ?? 0)
  }
}
