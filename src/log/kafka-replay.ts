// Reads whole topics over kafkajs in one order, as far as they go at a moment, then as far as they go at a later one. A group of its
// own, which commits nothing and is deleted. What is read ahead is bounded: a partition that is ahead of the others pauses.
import { randomUUID } from 'node:crypto'
import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { LogRecord } from './event-log.ts'
import { withAdmin } from './kafka-admin.ts'
import { logRecord } from './kafka-batch.ts'
import type { LogSink } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'
import { requireTopics } from './kafka-log.ts'
import { createTimestampMerge } from './timestamp-merge.ts'

export interface KafkaReplayOptions {
  readonly kafka: Kafka
  readonly clientId: string
  readonly sink: LogSink
  readonly topics: readonly string[]
  /** Broker timestamp of the first records, epoch milliseconds; the oldest there are if absent. */
  readonly sinceMs?: number | undefined
}

export interface Replay {
  /** Records that `catchUp` would hand over if it were called now. */
  left(): Promise<number>
  /**
   * Hands over all records that stand in the topics at the call and were not handed over before, in the order of their broker
   * timestamps and in that of each partition. The next ones come when `onRecords` resolves; what it throws is thrown. Throws
   * LOG_UNAVAILABLE or TOPIC_MISSING. `onProgress` is told how many of how many.
   */
  catchUp(
    onRecords: (records: readonly LogRecord[]) => Promise<void>,
    onProgress?: (done: number, of: number) => void,
  ): Promise<void>
  close(): Promise<void>
}

const MAX_FETCH_WAIT_MS = 100
const SILENCE_MS = 60_000
const TAKEN_AT_ONCE = 2_000
/** Records in hand over all partitions, besides what a fetch brings at once. */
const IN_HAND = 100_000
const FETCH_BYTES = 262_144
const DOING = 'reading the topics again'

/** Resolves when the partitions are known. Nothing is read before `catchUp`. */
export async function openKafkaReplay(options: KafkaReplayOptions): Promise<Replay> {
  const { kafka, topics } = options
  await requireTopics(kafka, topics)
  const next = await startOffsets(options)
  const taken = new Map(next)
  const merge = createTimestampMerge()
  const paused = new Set<string>()
  const pauseAt = Math.ceil(IN_HAND / Math.max(1, next.size))
  let arrival = Promise.withResolvers<void>()
  let failure: unknown = null
  let running: { consumer: Consumer; groupId: string } | null = null

  const ends = (): Promise<Map<string, bigint>> => offsetsOf(kafka, topics, ({ high }) => high)
  const arrived = (): void => {
    arrival.resolve()
    arrival = Promise.withResolvers<void>()
  }

  async function eachBatch({ batch }: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = batch
    const name = nameOf(topic, partition)
    const from = next.get(name) ?? 0n
    merge.push(
      name,
      messages
        .filter(({ offset }) => BigInt(offset) >= from)
        .map((message) => logRecord(topic, partition, message)),
    )
    passed(topic, partition, batch.lastOffset())
    if (merge.inHand(name) >= pauseAt) {
      paused.add(name)
      running?.consumer.pause([{ topic, partitions: [partition] }])
    }
  }

  function passed(topic: string, partition: number, lastOffset: string | null): void {
    const name = nameOf(topic, partition)
    const after = BigInt(lastOffset ?? -1) + 1n
    if (after > (next.get(name) ?? 0n)) next.set(name, after)
    arrived()
  }

  function resume(): void {
    for (const name of paused) {
      if (merge.inHand(name) > pauseAt / 2) continue
      paused.delete(name)
      running?.consumer.resume([partitionOf(name)])
    }
  }

  async function start(): Promise<void> {
    const groupId = `${options.clientId}.replay.${randomUUID()}`
    const consumer = kafka.consumer({
      groupId,
      maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
      maxBytesPerPartition: FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: { retries: 8, restartOnFailure: async (error) => kafkaError(error, '').disposition === 'retry' },
    })
    running = { consumer, groupId }
    consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
      if (restart) return
      failure = error
      arrived()
    })
    // Of a fetch with nothing but the marks of transactions, nothing else tells.
    consumer.on('consumer.end_batch_process', ({ payload }) =>
      passed(payload.topic, payload.partition, payload.lastOffset),
    )
    // Nothing is committed, so each time the group is joined reading would begin anew.
    consumer.on('consumer.group_join', () => {
      for (const [name, offset] of next) {
        const { topic, partitions } = partitionOf(name)
        for (const partition of partitions) consumer.seek({ topic, partition, offset: String(offset) })
      }
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatch })
  }

  async function handOver(
    until: ReadonlyMap<string, bigint>,
    onRecords: (records: readonly LogRecord[]) => Promise<void>,
    onProgress: (done: number, of: number) => void,
  ): Promise<void> {
    const of = distance(taken, until)
    let heardAtMs = performance.now()
    for (;;) {
      const waited = arrival.promise
      if (failure !== null) throw failure
      const records = merge.take(TAKEN_AT_ONCE, until, next)
      if (records.length > 0) {
        await onRecords(records)
        for (const { topic, partition, offset } of records)
          taken.set(nameOf(topic, partition), BigInt(offset) + 1n)
        resume()
        onProgress(of - distance(taken, until), of)
        heardAtMs = performance.now()
      } else if (distance(next, until) === 0) {
        // Behind the last record there may have been marks of transactions.
        for (const [name, end] of until) if ((taken.get(name) ?? 0n) < end) taken.set(name, end)
        onProgress(of, of)
        return
      } else if (performance.now() - heardAtMs > SILENCE_MS) {
        throw new AppError('LOG_UNAVAILABLE', `${DOING}: nothing came for ${SILENCE_MS / 1_000} s`)
      } else await within(waited, SILENCE_MS)
    }
  }

  return {
    left: async () => distance(taken, await ends()),
    async catchUp(onRecords, onProgress = () => undefined) {
      const until = await ends()
      if (distance(taken, until) === 0) return
      try {
        if (running === null) await start()
        await handOver(until, onRecords, onProgress)
      } catch (error) {
        throw kafkaError(error, DOING)
      }
    },
    async close() {
      if (running === null) return
      const { consumer, groupId } = running
      await consumer.disconnect()
      await withAdmin(kafka, 'deleting the group of a replay', (admin) =>
        admin.deleteGroups([groupId]),
      ).catch(
        // Without members and offsets the broker forgets it by itself.
        (error: unknown) =>
          options.sink.debug({ err: error, groupId }, 'The group of a replay was not deleted'),
      )
    },
  }
}

type PartitionOffsets = Awaited<ReturnType<Admin['fetchTopicOffsets']>>[number]

function offsetsOf(
  kafka: Kafka,
  topics: readonly string[],
  pick: (offsets: PartitionOffsets) => string,
): Promise<Map<string, bigint>> {
  return withAdmin(kafka, 'looking where the topics begin and end', async (admin) => {
    const offsets = new Map<string, bigint>()
    for (const topic of topics) {
      for (const entry of await admin.fetchTopicOffsets(topic)) {
        offsets.set(nameOf(topic, entry.partition), BigInt(pick(entry)))
      }
    }
    return offsets
  })
}

async function startOffsets({ kafka, topics, sinceMs }: KafkaReplayOptions): Promise<Map<string, bigint>> {
  const oldest = await offsetsOf(kafka, topics, ({ low }) => low)
  if (sinceMs === undefined) return oldest
  return await withAdmin(kafka, 'looking for a time in the topics', async (admin) => {
    for (const topic of topics) {
      for (const { partition, offset } of await admin.fetchTopicOffsetsByTimestamp(topic, sinceMs)) {
        oldest.set(nameOf(topic, partition), BigInt(offset))
      }
    }
    return oldest
  })
}

/** Records between the offsets of all partitions. */
function distance(from: ReadonlyMap<string, bigint>, to: ReadonlyMap<string, bigint>): number {
  let sum = 0n
  for (const [name, end] of to) {
    const start = from.get(name) ?? 0n
    if (end > start) sum += end - start
  }
  return Number(sum)
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const limit = Promise.withResolvers<void>()
  const timer = setTimeout(limit.resolve, ms)
  await Promise.race([promise, limit.promise])
  clearTimeout(timer)
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function partitionOf(name: string): { topic: string; partitions: number[] } {
  const slash = name.lastIndexOf('/')
  return { topic: name.slice(0, slash), partitions: [Number(name.slice(slash + 1))] }
}
