// Spans of many partitions read side by side over kafkajs, each as fast as its records are taken. Like a follower it is a group of
// its own, which commits nothing and is deleted at the end; after a rejoin it goes on where each partition was.
import { randomUUID } from 'node:crypto'
import type { Batch, Consumer, Kafka } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { Lane } from './arrival-merge.ts'
import type { LogRecord } from './event-log.ts'
import { logRecord } from './kafka-batch.ts'
import { deleteGroup } from './kafka-admin.ts'
import type { LogSink } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'
import { kafkaJsConsumer, keepRunning } from './kafka-run.ts'

interface Place {
  readonly topic: string
  readonly partition: number
}

/** Records of one partition, from one offset up to another, which does not belong to it; at least one offset. */
export interface PartitionSpan extends Place {
  readonly from: bigint
  readonly to: bigint
}

export interface KafkaLanes {
  /** As the spans. */
  readonly lanes: readonly Lane[]
  close(): Promise<void>
}

/** While every partition is paused kafkajs looks again after this long; with any to read the broker answers at once. */
const MAX_FETCH_WAIT_MS = 20
/** A piece of a partition. A larger record comes whole: Kafka always gives the first one. */
const PIECE_BYTES = 256 * 1024
/** Of all partitions in one answer; a record that waits keeps the answer it came in alive. */
const FETCH_BYTES = 2 * 1024 * 1024
/** Longest wait for the next records, the join included. */
const SILENCE_MS = 30_000

interface Source extends PartitionSpan {
  /** The next offset that has not come yet. */
  next: bigint
  /** Come and not yet taken. */
  readonly pieces: (readonly LogRecord[])[]
}

/** Starts to read. Throws LOG_UNAVAILABLE, as the lanes do. */
export async function openKafkaLanes(
  deps: { readonly kafka: Kafka; readonly clientId: string; readonly sink: LogSink },
  spans: readonly PartitionSpan[],
): Promise<KafkaLanes> {
  const { kafka, sink } = deps
  const topics = [...new Set(spans.map(({ topic }) => topic))]
  const doing = `reading ${topics.join(' and ')}`
  const groupId = `${deps.clientId}.history.${randomUUID()}`
  const stopping = new AbortController()
  const consumer = kafkaJsConsumer(kafka, {
    groupId,
    maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
    maxBytesPerPartition: PIECE_BYTES,
    maxBytes: FETCH_BYTES,
  })
  const arrivals = createArrivals(doing)
  const sources = createSources(consumer, spans, arrivals.tell)
  consumer.on('consumer.crash', () => sources.left())
  consumer.on('consumer.group_join', ({ payload }) => sources.joined(payload.memberAssignment))
  // Told also of what holds no record for us, such as the marks of transactions at the end of a partition.
  consumer.on('consumer.end_batch_process', ({ payload }) => sources.passed(payload, payload.lastOffset))
  const lane = (source: Source): Lane => ({
    async more() {
      for (;;) {
        const piece = sources.take(source)
        if (piece !== 'not yet') return piece
        await arrivals.next()
      }
    },
  })
  const close = async (): Promise<void> => {
    stopping.abort()
    await consumer.disconnect()
    await deleteGroup(kafka, groupId, 'a history', sink)
  }
  try {
    await keepRunning(consumer, {
      topics,
      fromBeginning: true,
      run: { autoCommit: false, eachBatch: async ({ batch }) => sources.came(batch) },
      stopping: stopping.signal,
      sink,
      onEnd: (error) => arrivals.fail(kafkaError(error, doing)),
    })
  } catch (error) {
    await close()
    throw kafkaError(error, doing)
  }
  return { lanes: sources.all.map(lane), close }
}

/** Where each partition is, and what of it waits. `tell` is called after each step. */
function createSources(consumer: Consumer, spans: readonly PartitionSpan[], tell: () => void) {
  const all = spans.map((span): Source => ({ ...span, next: span.from, pieces: [] }))
  const sourceAt = new Map(all.map((source) => [nameOf(source), source]))
  let isJoined = false
  const passed = (at: Place, lastOffset: string | null): void => {
    const source = sourceAt.get(nameOf(at))
    if (source === undefined || lastOffset === null) return
    const after = BigInt(lastOffset) + 1n
    if (after > source.next) source.next = after
    if (source.next >= source.to) pause(consumer, source)
    tell()
  }
  return {
    all,
    passed,
    left() {
      isJoined = false
    },
    /** What is not to be read now is paused: a partition without a span, one that is read, one of which a piece waits. */
    joined(assigned: Readonly<Record<string, readonly number[]>>): void {
      isJoined = true
      for (const [topic, partitions] of Object.entries(assigned)) {
        for (const partition of partitions) {
          const source = sourceAt.get(nameOf({ topic, partition }))
          const isWanted = source !== undefined && source.next < source.to
          if (isWanted) consumer.seek({ topic, partition, offset: String(source.next) })
          if (!isWanted || source.pieces.length > 0) pause(consumer, { topic, partition })
        }
      }
    },
    came(batch: Batch): void {
      const source = sourceAt.get(nameOf(batch))
      if (source === undefined) return
      const { next, to } = source
      const fresh = batch.messages.filter(({ offset }) => BigInt(offset) >= next && BigInt(offset) < to)
      if (fresh.length > 0) {
        source.pieces.push(fresh.map((message) => logRecord(batch.topic, batch.partition, message)))
        pause(consumer, source)
      }
      passed(batch, batch.lastOffset())
    },
    /** The next piece, null behind the last. Another one is read meanwhile. */
    take(source: Source): readonly LogRecord[] | null | 'not yet' {
      const { pieces, topic, partition } = source
      const piece = pieces.shift()
      if (piece === undefined) return source.next >= source.to ? null : 'not yet'
      const wantsMore = pieces.length === 0 && source.next < source.to
      // A consumer that is about to join again is told then.
      if (wantsMore && isJoined) consumer.resume([{ topic, partitions: [partition] }])
      return piece
    },
  }
}

function pause(consumer: Consumer, { topic, partition }: Place): void {
  consumer.pause([{ topic, partitions: [partition] }])
}

function nameOf({ topic, partition }: Place): string {
  return `${topic}/${partition}`
}

/** Waiting for whatever comes next; fails when nothing does. */
function createArrivals(doing: string) {
  let waiting: PromiseWithResolvers<void> | null = null
  let failure: AppError | null = null
  return {
    async next(): Promise<void> {
      if (failure !== null) throw failure
      waiting = Promise.withResolvers<void>()
      const silence = setTimeout(() => waiting?.reject(silent(doing)), SILENCE_MS)
      try {
        await waiting.promise
      } finally {
        clearTimeout(silence)
        waiting = null
      }
    },
    tell: () => waiting?.resolve(),
    fail(error: AppError) {
      failure = error
      waiting?.reject(error)
    },
  }
}

function silent(doing: string): AppError {
  return new AppError('LOG_UNAVAILABLE', `${doing}: nothing came for ${SILENCE_MS / 1_000} s`)
}
