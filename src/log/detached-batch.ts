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

/** The records in their order, as batches of at most `most`, each of one topic. */
export function* detachedBatches(records: readonly LogRecord[], most: number): Generator<PartitionBatch> {
  let start = 0
  for (let at = 1; at <= records.length; at++) {
    const topic = records[start]?.topic
    if (topic === undefined) return
    if (at < records.length && records[at]?.topic === topic && at - start < most) continue
    yield detachedBatch(topic, records.slice(start, at))
    start = at
  }
}
