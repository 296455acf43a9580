// Topics read in the order of arrival as far as they go at a moment, then from there as far as they go at a later one.
import type { LogRecord } from './event-log.ts'
import { type KafkaHistoryDeps, readSpans, sizeOf, spansOf } from './kafka-history.ts'
import type { PartitionSpan } from './kafka-lanes.ts'
import { requireTopics } from './kafka-log.ts'

export interface ReplayOptions {
  readonly topics: readonly string[]
  /** Leaves out what arrived before (broker timestamp, epoch milliseconds). */
  readonly sinceMs: number
}

export interface Replay {
  /** Offsets that `catchUp` would pass if it were called now. */
  left(): Promise<number>
  /**
   * Hands over all records that stand in the topics at the call and were not handed over before; in which order, `History` says. The
   * next ones come when `onRecords` resolves; what it throws is thrown. `onProgress` is told how many of how many. Throws
   * LOG_UNAVAILABLE.
   */
  catchUp(
    onRecords: (records: readonly LogRecord[]) => Promise<void>,
    onProgress?: (done: number, of: number) => void,
  ): Promise<void>
}

/** Nothing is read before `catchUp`. Throws LOG_UNAVAILABLE or TOPIC_MISSING. */
export async function openKafkaReplay(
  deps: KafkaHistoryDeps,
  { topics, sinceMs }: ReplayOptions,
): Promise<Replay> {
  await requireTopics(deps.kafka, topics)
  /** Where each partition was left. */
  const next = new Map<string, bigint>()

  async function spans(): Promise<PartitionSpan[]> {
    const found: PartitionSpan[] = []
    for (const topic of topics) {
      for (const span of await spansOf(deps.kafka, topic, sinceMs)) {
        const from = next.get(nameOf(span)) ?? span.from
        if (from < span.to) found.push({ ...span, from: from > span.from ? from : span.from })
      }
    }
    return found
  }

  return {
    left: async () => sizeOf(await spans()),
    async catchUp(onRecords, onProgress = () => undefined) {
      const open = await spans()
      if (open.length === 0) return
      const of = sizeOf(open)
      let done = 0
      for await (const records of readSpans(deps, open)) {
        await onRecords(records)
        done += records.length
        onProgress(done, of)
      }
      // Offsets that hold no record, such as the marks of transactions, count as passed too.
      onProgress(of, of)
      for (const span of open) next.set(nameOf(span), span.to)
    },
  }
}

function nameOf({ topic, partition }: PartitionSpan): string {
  return `${topic}/${partition}`
}
