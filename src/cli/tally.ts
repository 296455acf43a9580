// Counts for the summary line of `paysentry start`.
import type { Batch } from '../batch.ts'
import type { Action } from '../rules/rule-set.ts'
import { quantile, type Summary } from './terminal-view.ts'

export interface Tally {
  /** `nowMs` in epoch milliseconds, with fractions. */
  completed(batch: Batch, nowMs: number): void
  /** What was counted since the last call. */
  take(nowMs: number): Summary
}

export function createTally(startMs: number): Tally {
  let sinceMs = startMs
  let events = 0
  let rejected = 0
  let byAction: Record<Action, number> = { allow: 0, review: 0, challenge: 0, block: 0 }
  let latenciesMs: number[] = []
  return {
    completed(batch, nowMs) {
      events += batch.source.records.length
      rejected += batch.rejected.length
      const latencyMs = nowMs - batch.source.arrivedAtMs
      for (const { decision } of batch.events) {
        if (decision === null) continue
        byAction[decision.action]++
        latenciesMs.push(latencyMs)
      }
    },
    take(nowMs) {
      const sorted = latenciesMs.sort((a, b) => a - b)
      const summary: Summary = {
        eventsPerSecond: (1_000 * events) / Math.max(1, nowMs - sinceMs),
        byAction,
        rejected,
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
      }
      sinceMs = nowMs
      events = 0
      rejected = 0
      byAction = { allow: 0, review: 0, challenge: 0, block: 0 }
      latenciesMs = []
      return summary
    },
  }
}
