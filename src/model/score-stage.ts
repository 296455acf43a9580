// score: one prediction for all payments of a batch. Other events (logins, refunds …) are not scored.
import type { Batch } from '../batch.ts'
import { isScored } from './features.ts'
import type { Scorer } from './scorer.ts'

/** The score stage; without a scorer nothing is scored. */
export function createScoreStage(scorer: Scorer | null): (batch: Batch) => Batch {
  return (batch) => {
    if (scorer === null) return batch
    const payments = batch.events.filter(isScored)
    const scores = scorer.score(payments)
    for (const [i, event] of payments.entries()) {
      event.scored = scores[i] ?? null
      event.score = event.scored?.value ?? Number.NaN
    }
    return batch
  }
}
