// A consumer that keeps what it gets, and promises that come true when enough has come.
import type {
  ConsumeOptions,
  Consumer,
  EventLog,
  LogRecord,
  PartitionBatch,
} from '../../src/log/event-log.ts'

export interface Collector {
  readonly consumer: Consumer
  /** In the order of arrival. */
  readonly records: readonly LogRecord[]
  readonly batches: readonly PartitionBatch[]
  /** Resolves as soon as the condition holds; looked at after each batch. */
  until(condition: () => boolean): Promise<void>
}

type CollectOptions = Pick<ConsumeOptions, 'topics' | 'groupId'> & Partial<ConsumeOptions>

/** Consumes and, unless `onBatch` says otherwise, commits every batch. */
export async function collect(log: EventLog, options: CollectOptions): Promise<Collector> {
  const records: LogRecord[] = []
  const batches: PartitionBatch[] = []
  const waiting = new Set<() => void>()
  const consumer = await log.consume({
    maxBatchRecords: 100,
    concurrentPartitions: 3,
    from: 'earliest',
    ...options,
    async onBatch(batch) {
      await (options.onBatch === undefined ? batch.commit() : options.onBatch(batch))
      records.push(...batch.records)
      batches.push(batch)
      for (const look of waiting) look()
    },
  })
  return {
    consumer,
    records,
    batches,
    until: (condition) =>
      new Promise((resolve) => {
        const look = () => {
          if (!condition()) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Value of a record as text. */
export const textOf = (record: LogRecord): string => record.value?.toString() ?? ''
