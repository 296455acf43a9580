// Batches that come from no log: recordings, rule tests, training. There is nothing to publish to and nothing to commit.
import type { LogRecord, PartitionBatch } from './event-log.ts'

/** The records, all of one topic and partition, as a batch of their own. `nowMs` is when they arrived, epoch milliseconds. */
export function detachedBatch(topic: string, records: readonly LogRecord[], nowMs = 0): PartitionBatch {
  const nothing = (): Promise<void> => Promise.resolve()
  return {
    topic,
    partition: records[0]?.partition ?? 0,
    records,
    lag: 0,
    arrivedAtMs: nowMs,
    note: '',
    isStale: () => false,
    publish: nothing,
    commit: nothing,
    commitNote: nothing,
  }
}
