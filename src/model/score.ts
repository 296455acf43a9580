// What the model says about one event.

export interface Contribution {
  /** Name of the feature, as in the manifest. */
  readonly feature: string
  /** The feature's value before scaling; null when it was unknown. */
  readonly value: number | null
  /** What is usual: for this very entity by its own past, or where nothing is known of that, the median in the training data. */
  readonly usual: number
  readonly usualOf: 'entity' | 'training'
  /** Part of all that raises the raw score above that of usual values, 0 to 1. */
  readonly share: number
}

/** What a challenger says beside the champion. */
export interface ChallengerScore {
  readonly version: string
  /** Percentile within the challenger's own calibration span; null when it failed. */
  readonly score: number | null
}

export interface Score {
  /** Percentile within the calibration span's traffic, 0 to 1, rounded to 6 decimals. */
  readonly value: number
  /** The largest contributions first; empty below the explanation threshold. */
  readonly contributions: readonly Contribution[]
}
