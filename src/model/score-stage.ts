// score: one prediction for all payments of a batch. Other events (logins, refunds …) are not scored.
import type { Batch, BatchEvent } from '../batch.ts'
import { isScored } from './features.ts'
import type { Score } from './score.ts'
import type { Scorer } from './scorer.ts'

export interface Beside {
  readonly challenger: Scorer
  /** Told what the challenger threw; the batch goes on without its scores. */
  readonly onFailed: (error: unknown, version: string) => void
}

/** The score stage; without a scorer nothing is scored. A challenger scores the same payments and changes nothing else. */
export function createScoreStage(
  scorer: Scorer | null,
  beside: Beside | null = null,
): (batch: Batch) => Batch {
  return (batch) => {
    if (scorer === null && beside === null) return batch
    const payments = batch.events.filter(isScored)
    if (scorer !== null) {
      const scores = scorer.score(payments)
      for (const [i, event] of payments.entries()) {
        event.scored = scores[i] ?? null
        event.score = event.scored?.value ?? Number.NaN
      }
    }
    if (beside !== null) challenge(payments, beside)
    return batch
  }
}

function challenge(payments: readonly BatchEvent[], { challenger, onFailed }: Beside): void {
  const { version } = challenger
  let scores: readonly Score[] = []
  try {
    scores = challenger.score(payments)
  } catch (error) {
    onFailed(error, version)
  }
  for (const [i, event] of payments.entries()) event.challenged = { version, score: scores[i]?.value ?? null }
}
