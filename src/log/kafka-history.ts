// Reads whole topics as they stood at one moment over kafkajs, in the order of arrival. One group reads all partitions; a partition of
// which a piece waits to be taken is paused, so that memory stays bounded however large the topics are.
import type { Kafka } from 'kafkajs'
import { mergeArrivals } from './arrival-merge.ts'
import type { History, HistoryOptions, LogRecord } from './event-log.ts'
import { withAdmin } from './kafka-admin.ts'
import type { LogSink } from './kafka-client.ts'
import { openKafkaLanes, type PartitionSpan } from './kafka-lanes.ts'

export interface KafkaHistoryDeps {
  readonly kafka: Kafka
  readonly clientId: string
  readonly sink: LogSink
}

/** See `EventLog.history`. The topics must exist. */
export async function openKafkaHistory(
  deps: KafkaHistoryDeps,
  { topics, sinceMs }: HistoryOptions,
): Promise<History> {
  const spans = new Map<string, readonly PartitionSpan[]>()
  for (const topic of topics) spans.set(topic, await spansOf(deps.kafka, topic, sinceMs))
  const within = (chosen: readonly string[]) => chosen.flatMap((topic) => spans.get(topic) ?? [])
  return {
    size: (chosen) => sizeOf(within(chosen)),
    read: (chosen) => readSpans(deps, within(chosen)),
  }
}

/** The records of the spans in the order of arrival, some at a time. Throws LOG_UNAVAILABLE. */
export async function* readSpans(
  deps: KafkaHistoryDeps,
  spans: readonly PartitionSpan[],
): AsyncGenerator<readonly LogRecord[]> {
  if (spans.length === 0) return
  const reader = await openKafkaLanes(deps, spans)
  try {
    yield* mergeArrivals(reader.lanes)
  } finally {
    await reader.close()
  }
}

/** Offsets in the spans. */
export function sizeOf(spans: readonly PartitionSpan[]): number {
  return spans.reduce((sum, { from, to }) => sum + Number(to - from), 0)
}

/** What each partition holds since then, in the order of their numbers; partitions without any are left out. */
export async function spansOf(kafka: Kafka, topic: string, sinceMs: number): Promise<PartitionSpan[]> {
  return withAdmin(kafka, `looking for the ends of ${topic}`, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic)
    const firsts = new Map<number, bigint>()
    if (sinceMs > 0) {
      for (const { partition, offset } of await admin.fetchTopicOffsetsByTimestamp(
        topic,
        Math.floor(sinceMs),
      ))
        firsts.set(partition, BigInt(offset))
    }
    return offsets
      .map(({ partition, low, high }) => {
        const first = firsts.get(partition) ?? 0n
        return { topic, partition, from: first > BigInt(low) ? first : BigInt(low), to: BigInt(high) }
      })
      .filter(({ from, to }) => from < to)
      .sort((a, b) => a.partition - b.partition)
  })
}
