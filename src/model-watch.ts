// A model that became too slow for the deadline (a net that was promoted and is too large, a machine that lost its SIMD): scoring cannot be
// broken off, so the batches that follow are decided without it for a while, and then it is tried again.
import type { Batch } from './batch.ts'
import { AppError } from './errors.ts'
import type { Stage } from './stage.ts'

export interface ModelWatchOptions {
  readonly deadlineMs: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
  /** Told MODEL_SLOW of the batch that was one too many. */
  readonly onSlow: (error: AppError) => void
}

export interface ModelWatch {
  /** The score stage, with its time taken. */
  score(stage: Stage<Batch, Batch>): Stage<Batch, Batch>
  /** Whether batches are to be decided without the model now. */
  isResting(): boolean
}

/** Part of the deadline that a block of payments may take: journals have 0.6 of it, rules and publishing come after. */
const SHARE = 0.2
const BLOCK_PAYMENTS = 64
/** One slow batch may be a machine that was held up. */
const SLOW_IN_A_ROW = 3
const REST_MS = 10_000

export function createModelWatch({ deadlineMs, now, onSlow }: ModelWatchOptions): ModelWatch {
  let slow = 0
  let restsUntilMs = Number.NEGATIVE_INFINITY
  return {
    isResting: () => now() < restsUntilMs,
    score: (stage) => async (batch) => {
      const startedAtMs = now()
      const scored = await stage(batch)
      const tookMs = now() - startedAtMs
      const payments = batch.events.length
      if (tookMs <= deadlineMs * SHARE * Math.max(1, payments / BLOCK_PAYMENTS)) {
        slow = 0
        return scored
      }
      // After a rest one slow batch is enough: it was slow all the time.
      if (++slow >= SLOW_IN_A_ROW) {
        restsUntilMs = now() + REST_MS
        onSlow(new AppError('MODEL_SLOW', `${Math.round(tookMs)} ms for ${payments} events`))
      }
      return scored
    },
  }
}
