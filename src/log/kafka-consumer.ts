// One member of a consumer group over kafkajs: hands out batches, keeps the membership alive while they are worked on, and says
// for good when it is over. A batch that was not committed is fetched again from the last commit, never passed over.
import type { Consumer as KafkaJsConsumer, Kafka } from 'kafkajs'
import type { AppError } from '../errors.ts'
import type { ConsumeOptions, Consumer } from './event-log.ts'
import { type Claim, createClaims } from './kafka-claim.ts'
import type { LogSink } from './kafka-client.ts'
import { createDelivery, type Delivery, isPassing, stopped } from './kafka-delivery.ts'
import { kafkaError } from './kafka-error.ts'
import { leave } from './kafka-leave.ts'
import { createPauses } from './kafka-pauses.ts'
import { startBeating, watchFetches, watchMembership } from './kafka-watch.ts'
import { createMembership } from './membership.ts'

/** Heartbeats in a session: nine may be missed in a row. */
const HEARTBEATS_PER_SESSION = 10
/** Longest wait of a fetch for records. Stopping waits for it, and so does a heartbeat when nothing arrives. */
const MAX_FETCH_WAIT_MS = 500
/** Time for the first join: a coordinator that has just come up, or moved, may still be loading. */
const JOIN_WITHIN_MS = 15_000
/**
 * A fetch brings this much of a partition, and of all partitions of one broker, at most; but one message at least, however
 * large. kafkajs fetches again only when all of it is worked through, so the first bounds how long one partition with a backlog
 * makes the others wait (some 500 events), and the second what waits in memory.
 */
const PARTITION_FETCH_BYTES = 262_144
const FETCH_BYTES = 4_194_304

export interface KafkaConsumerDeps {
  readonly kafka: Kafka
  readonly sessionTimeoutMs: number
  /** Takes up the work on a partition that the group has just given to this consumer. */
  readonly openClaim: (topic: string, partition: number) => Promise<Claim>
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  readonly sink: LogSink
}

/** Joins the group and starts to consume. Throws LOG_UNAVAILABLE, CONFIG_INVALID or UNEXPECTED when that fails. */
export async function startKafkaConsumer(
  deps: KafkaConsumerDeps,
  options: ConsumeOptions,
): Promise<Consumer> {
  const heartbeatMs = Math.floor(deps.sessionTimeoutMs / HEARTBEATS_PER_SESSION)
  const membership = createMembership({
    sessionTimeoutMs: deps.sessionTimeoutMs,
    graceMs: heartbeatMs,
    clock: () => performance.now(),
  })
  const claims = createClaims(deps.openClaim)
  const stopping = new AbortController()
  const ready = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<void>()
  const giveUpAtMs = performance.now() + JOIN_WITHIN_MS
  let started = false
  const consumer = kafkaJsConsumer(deps, options.groupId, heartbeatMs, (error) => {
    const inTime = started || performance.now() < giveUpAtMs
    return inTime && isPassing(error) && !stopping.signal.aborted
  })
  const stop = async (): Promise<void> => {
    stopping.abort()
    await leave(consumer, {
      isIdle: () => delivery.isIdle(),
      onGivenUp: () => deps.sink.info({ groupId: options.groupId }, 'The group was left without its answer'),
    })
    membership.left()
    await claims.close()
  }
  const fail = async (error: AppError): Promise<void> => {
    finished.reject(error)
    try {
      await stop()
    } catch (thrown) {
      deps.sink.warn({ err: thrown }, 'The Kafka consumer did not stop cleanly')
    }
  }
  const pauses = createPauses(consumer, options.topics)
  const inFlight = watchFetches(consumer)
  watchMembership(consumer, membership, {
    onJoin(tookMs) {
      options.observer?.onAssigned(membership.assignment(), tookMs)
      ready.resolve()
    },
    onEnd(error) {
      ready.reject(error)
      if (started && !stopping.signal.aborted) finished.reject(stopped(error))
    },
  })
  const delivery = createDelivery({
    ...options,
    now: deps.now,
    sink: deps.sink,
    membership,
    claims,
    isPaused: pauses.isPaused,
    stopping: stopping.signal,
    fail,
  })
  const beating = startBeating({
    ...deps,
    heartbeatMs,
    beat: () => delivery.heartbeat(),
    onStoodStill: (heldUpMs) => options.observer?.onStoodStill(heldUpMs),
  })
  try {
    await run(consumer, options, delivery)
    await ready.promise
    started = true
  } catch (error) {
    clearInterval(beating)
    await stop()
    throw kafkaError(error, `joining the group ${options.groupId}`)
  }
  return {
    isJoined: () => membership.isJoined(),
    pause: pauses.pause,
    resume: pauses.resume,
    figures: () => ({
      assignedPartitions: Object.values(membership.assignment()).flat().length,
      pausedPartitions: pauses.count(),
      inFlightBytes: inFlight(),
    }),
    finished: finished.promise.finally(() => clearInterval(beating)),
    async stop() {
      await stop()
      finished.resolve()
    },
  }
}

function kafkaJsConsumer(
  { kafka, sessionTimeoutMs }: KafkaConsumerDeps,
  groupId: string,
  heartbeatMs: number,
  mayRestart: (error: Error) => boolean,
): KafkaJsConsumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(60_000, sessionTimeoutMs),
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: Math.min(heartbeatMs, MAX_FETCH_WAIT_MS),
    maxBytesPerPartition: PARTITION_FETCH_BYTES,
    maxBytes: FETCH_BYTES,
    allowAutoTopicCreation: false,
    retry: { retries: 8, restartOnFailure: async (error) => mayRestart(error) },
  })
}

async function run(consumer: KafkaJsConsumer, options: ConsumeOptions, delivery: Delivery): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: options.from === 'earliest' })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: options.concurrentPartitions,
    eachBatch: (payload) => delivery.eachBatch(payload),
  })
}
