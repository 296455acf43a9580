// What is evaluated: something that is fitted to what was known at a time and then scores later payments.
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

/** Parts of what is known, in the order of time: first journals fill; the latest rows have few of their labels yet. */
const SPLIT = { warmUp: 0.15, train: 0.6, gap: 0.1 } as const

export interface KnownSpans {
  readonly train: readonly [from: number, to: number]
  readonly validation: readonly [from: number, to: number]
}

/** The rows to fit to, and the later ones to stop and choose by. */
export function spansOf({ rows }: Pick<TrainingSet, 'rows'>): KnownSpans {
  const at = (share: number): number => Math.floor(rows * share)
  const { warmUp, train, gap } = SPLIT
  return { train: [at(warmUp), at(warmUp + train)], validation: [at(warmUp + train + gap), rows] }
}
