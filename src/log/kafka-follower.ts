// Reads a whole topic over kafkajs and goes on reading. kafkajs reads in groups only, so each follower is a group of its own
// under a random name, which commits nothing and is deleted at the end.
import { randomUUID } from 'node:crypto'
import type { EachBatchPayload, Kafka } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { Follower, FollowOptions } from './event-log.ts'
import { deleteGroup, withAdmin } from './kafka-admin.ts'
import { logRecord } from './kafka-batch.ts'
import type { LogSink } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'
import { leave } from './kafka-leave.ts'
import { kafkaJsConsumer, keepRunning } from './kafka-run.ts'

/** A broker answers a fetch as soon as there is a record; this long when there is none. Stopping waits for it. */
const MAX_FETCH_WAIT_MS = 250
/** Short, because who lost its connection and joins again waits until the member that it was before has timed out. */
const SESSION_MS = 6_000

export interface KafkaFollowerDeps {
  readonly kafka: Kafka
  readonly clientId: string
  readonly sink: LogSink
}

/** Resolves once the records that stood in the topic have been handed over. Throws what `EventLog.follow` says. */
export async function startKafkaFollower(deps: KafkaFollowerDeps, options: FollowOptions): Promise<Follower> {
  const { kafka, sink } = deps
  const doing = `reading the whole of ${options.topic}`
  const groupId = `${deps.clientId}.follower.${randomUUID()}`
  const progress = await openProgress(kafka, options.topic)
  const finished = Promise.withResolvers<void>()
  const caughtUp = Promise.withResolvers<void>()
  if (progress.isCaughtUp()) caughtUp.resolve()
  const fail = (error: AppError): void => {
    caughtUp.reject(error)
    finished.reject(error)
  }
  const stopping = new AbortController()
  const consumer = kafkaJsConsumer(kafka, {
    groupId,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: SESSION_MS / 5,
    maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
  })
  const eachBatch = async ({ batch }: EachBatchPayload): Promise<void> => {
    // kafkajs reads from the start again whenever the group was joined anew: nothing is committed.
    const fresh = batch.messages.filter(({ offset }) => progress.isFresh(batch.partition, offset))
    try {
      if (fresh.length > 0) {
        options.onRecords(fresh.map((message) => logRecord(batch.topic, batch.partition, message)))
      }
    } catch (error) {
      fail(stopped(doing, error))
      return
    }
    progress.passed(batch.partition, batch.lastOffset())
    if (progress.isCaughtUp()) caughtUp.resolve()
  }
  const stop = async (): Promise<void> => {
    stopping.abort()
    await leave(consumer, {
      // Records are handed over at once, so there is never one in hand.
      isIdle: () => true,
      onGivenUp: () => sink.debug({ groupId }, 'The group of a follower was left without its answer'),
    })
    finished.resolve()
    await deleteGroup(kafka, groupId, 'a follower', sink)
  }
  // Until somebody awaits it, a failure is told by `caughtUp` alone.
  finished.promise.catch(() => undefined)
  try {
    await keepRunning(consumer, {
      topics: [options.topic],
      fromBeginning: true,
      run: { autoCommit: false, eachBatch },
      stopping: stopping.signal,
      sink,
      onEnd: (error) => fail(stopped(doing, error)),
    })
    await caughtUp.promise
  } catch (error) {
    caughtUp.promise.catch(() => undefined)
    await stop()
    throw kafkaError(error, doing)
  }
  return { finished: finished.promise, stop }
}

interface Progress {
  isFresh(partition: number, offset: string): boolean
  passed(partition: number, lastOffset: string): void
  /** Whether everything that stood in the topic when it was opened has been passed. */
  isCaughtUp(): boolean
}

async function openProgress(kafka: Kafka, topic: string): Promise<Progress> {
  const offsets = await withAdmin(kafka, `looking for the end of ${topic}`, (admin) =>
    admin.fetchTopicOffsets(topic),
  )
  const next = new Map<number, bigint>()
  const open = new Map<number, bigint>()
  for (const { partition, low, high } of offsets) {
    if (BigInt(low) < BigInt(high)) open.set(partition, BigInt(high))
  }
  return {
    isFresh: (partition, offset) => BigInt(offset) >= (next.get(partition) ?? 0n),
    passed(partition, lastOffset) {
      const after = BigInt(lastOffset) + 1n
      if (after > (next.get(partition) ?? 0n)) next.set(partition, after)
      if (after >= (open.get(partition) ?? 0n)) open.delete(partition)
    },
    isCaughtUp: () => open.size === 0,
  }
}

function stopped(doing: string, cause: unknown): AppError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new AppError('CONSUMER_STOPPED', `${doing}: ${message}`, { cause })
}
