// Whether probabilities are what they say: of the payments with about this probability, how many were fraud.

export interface ReliabilityBin {
  /** Mean probability in the bin. */
  readonly predicted: number
  /** Share of fraud in the bin. */
  readonly observed: number
  readonly payments: number
}

/** Upper bounds of the bins: fraud is rare, so they are finer at the bottom. */
const BOUNDS = [0.0005, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1] as const
const DIGITS = 1e6

/** Bins that hold something, by ascending probability. */
export function reliability(probabilities: ArrayLike<number>, isFraud: readonly boolean[]): ReliabilityBin[] {
  const bins = BOUNDS.map(() => ({ sum: 0, frauds: 0, payments: 0 }))
  for (const [i, fraud] of isFraud.entries()) {
    const probability = probabilities[i] ?? 0
    const bin = bins[BOUNDS.findIndex((bound) => probability <= bound)]
    if (bin === undefined) continue
    bin.sum += probability
    bin.payments++
    if (fraud) bin.frauds++
  }
  return bins
    .filter(({ payments }) => payments > 0)
    .map(({ sum, frauds, payments }) => ({
      predicted: Math.round((sum / payments) * DIGITS) / DIGITS,
      observed: Math.round((frauds / payments) * DIGITS) / DIGITS,
      payments,
    }))
}
