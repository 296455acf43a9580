// Reads a span of one partition over kafkajs, once. Like a follower it is a group of its own, which commits nothing and is deleted.
import { randomUUID } from 'node:crypto'
import type { EachBatchPayload, Kafka } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { SpanOptions } from './event-log.ts'
import { deleteGroup, withAdmin } from './kafka-admin.ts'
import { logRecord } from './kafka-batch.ts'
import type { LogSink } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'

const MAX_FETCH_WAIT_MS = 250
/** Longest wait for the next records of the span, the join included. */
const SILENCE_MS = 30_000

export interface KafkaRangeDeps {
  readonly kafka: Kafka
  readonly clientId: string
  readonly sink: LogSink
}

/** See `EventLog.readSpan`. */
export async function readKafkaSpan(
  { kafka, clientId, sink }: KafkaRangeDeps,
  span: SpanOptions,
): Promise<void> {
  const { topic, partition } = span
  const doing = `reading ${topic}/${partition} from ${span.from} to ${span.to}`
  const offsets = await withAdmin(kafka, doing, (admin) => admin.fetchTopicOffsets(topic))
  const stored = offsets.find((entry) => entry.partition === partition)
  let next = largest(span.from, BigInt(stored?.low ?? 0))
  const end = smallest(span.to, BigInt(stored?.high ?? 0))
  if (next >= end) return
  const groupId = `${clientId}.span.${randomUUID()}`
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    retry: { retries: 2, restartOnFailure: async () => false },
  })
  const done = Promise.withResolvers<void>()
  const silence = setTimeout(() => done.reject(silent(doing)), SILENCE_MS)
  let hasCrashed = false
  consumer.on('consumer.crash', ({ payload: { error } }) => {
    hasCrashed = true
    done.reject(kafkaError(error, doing))
  })
  const eachBatch = async ({ batch }: EachBatchPayload): Promise<void> => {
    if (batch.partition !== partition || next >= end) return
    const messages = batch.messages.filter(({ offset }) => BigInt(offset) >= next && BigInt(offset) < end)
    try {
      if (messages.length > 0) {
        await span.onRecords(messages.map((message) => logRecord(topic, partition, message)))
      }
    } catch (error) {
      done.reject(error)
      return
    }
    next = largest(next, BigInt(batch.lastOffset()) + 1n)
    silence.refresh()
    if (next >= end) done.resolve()
  }
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatch })
    // Where it crashed while it joined, `run` returns all the same, and a call about its group is a mistake.
    if (!hasCrashed) {
      const others = offsets.map((entry) => entry.partition).filter((other) => other !== partition)
      if (others.length > 0) consumer.pause([{ topic, partitions: others }])
      consumer.seek({ topic, partition, offset: String(next) })
    }
    await done.promise
  } catch (error) {
    throw kafkaError(error, doing)
  } finally {
    clearTimeout(silence)
    done.promise.catch(() => undefined)
    await consumer.disconnect()
    await deleteGroup(kafka, groupId, 'a span', sink)
  }
}

function silent(doing: string): AppError {
  return new AppError('LOG_UNAVAILABLE', `${doing}: nothing came for ${SILENCE_MS / 1_000} s`)
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
