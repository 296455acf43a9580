// What is evaluated: something that is fitted to what was known at a time and then scores later payments.
import { quantileOf } from '../model/scaling.ts'
import type { TrainingSet } from '../model/training-rows.ts'

/** The scores of an evaluation, in the order in which they are shown. */
export const SCORES = [
  {
    id: 'model',
    name: 'both heads',
    kind: 'head',
    about: 'what is served: log-odds of fraud plus a weight times the rarity',
  },
  { id: 'supervised', name: 'supervised', kind: 'head', about: 'the net that learned from labels, alone' },
  { id: 'rarity', name: 'label-free', kind: 'head', about: 'how rare the values are, without any label' },
  { id: 'amount', name: 'amount', kind: 'baseline', about: 'the amount in the base currency' },
  { id: 'max_z', name: 'max |z|', kind: 'baseline', about: 'the largest robust deviation of any feature' },
  {
    id: 'mahalanobis',
    name: 'Mahalanobis',
    kind: 'baseline',
    about: 'distance from the mean under the covariance of the scaled features',
  },
  {
    id: 'logistic',
    name: 'logistic',
    kind: 'baseline',
    about: 'logistic regression on the scaled features and which of them are unknown',
  },
] as const
export type ScoreId = (typeof SCORES)[number]['id']

/** Payments to score: nothing about them but what was known when each was made. */
export type JudgedRows = Pick<TrainingSet, 'matrix' | 'rows' | 'amounts'>

export interface FittedJudge {
  /** One array a score, one value a row; null for a score that could not be fitted. */
  score(rows: JudgedRows): ReadonlyMap<ScoreId, ArrayLike<number> | null>
  close(): void
}

export interface Judge {
  /** Fits to a set that holds only what was known when it was made. */
  fit(known: TrainingSet): Promise<FittedJudge>
}

/** Parts of the rows whose labels have mostly come, in the order of time: first journals fill. */
const SPLIT = { warmUp: 0.15, train: 0.7 } as const
/** Of all known rows, at least so many are used, however late labels come. */
const LEAST_USED = 0.6

export interface KnownSpans {
  readonly train: readonly [from: number, to: number]
  readonly validation: readonly [from: number, to: number]
}

/**
 * The rows to fit to, and later ones to stop and choose by. The latest rows are left out: those that are younger than half of the known
 * labels were when they came. As good as nothing is known of them, and the few labels that come at once are not like the others.
 */
export function spansOf(known: Pick<TrainingSet, 'rows' | 'timesMs' | 'labelledMs' | 'toMs'>): KnownSpans {
  const { rows, timesMs, labelledMs, toMs } = known
  const delays = labelledMs.map((ms, row) => ms - (timesMs[row] ?? 0)).filter((ms) => Number.isFinite(ms))
  const settledMs = toMs - quantileOf(delays.sort(), 0.5)
  const young = timesMs.findIndex((ms) => ms > settledMs)
  const used = Math.max(young < 0 ? rows : young, Math.floor(LEAST_USED * rows))
  const at = (share: number): number => Math.floor(used * share)
  const { warmUp, train } = SPLIT
  return { train: [at(warmUp), at(warmUp + train)], validation: [at(warmUp + train), used] }
}
