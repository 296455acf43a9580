// Reads topics to their end as a read-committed reader does.
import type { EventLog, LogRecord } from '../../src/log/event-log.ts'
import { publishAll } from './publish.ts'

const SENTINELS = 200
const SENTINEL = 'sentinel'

export interface ReadOptions {
  readonly log: EventLog
  readonly topics: readonly string[]
  /** Of a group that nobody has used. */
  readonly groupId: string
  readonly onRecord: (record: LogRecord) => void
}

/**
 * Resolves when every record that can be seen now was handed over. The end is known by sentinels that are written on every partition:
 * behind a transaction that is still open a reader sees nothing, and does not know that there is something.
 */
export async function readCommitted({ log, topics, groupId, onRecord }: ReadOptions): Promise<void> {
  await publishAll(
    log,
    topics.flatMap((topic) =>
      Array.from({ length: SENTINELS }, (_, i) => ({ topic, key: `${SENTINEL}-${i}`, value: SENTINEL })),
    ),
  )
  const seen = new Set<string>()
  const done = Promise.withResolvers<void>()
  const consumer = await log.consume({
    topics,
    groupId,
    maxBatchRecords: 10_000,
    concurrentPartitions: 1,
    from: 'earliest',
    async onBatch(batch) {
      await batch.commit()
      for (const record of batch.records) {
        const key = record.key?.toString() ?? ''
        if (key.startsWith(SENTINEL)) seen.add(`${record.topic} ${key}`)
        else onRecord(record)
      }
      if (seen.size >= SENTINELS * topics.length) done.resolve()
    },
  })
  await Promise.race([done.promise, consumer.finished])
  await consumer.stop()
}
