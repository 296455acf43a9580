// One member of a consumer group over kafkajs: hands out batches, keeps the membership alive while they are worked on, and says
// for good when it is over. A batch that was not committed is fetched again from the last commit, never passed over.
import type { Kafka } from 'kafkajs'
import type { AppError } from '../errors.ts'
import type { ConsumeOptions, Consumer } from './event-log.ts'
import { type Claim, createClaims } from './kafka-claim.ts'
import type { LogSink } from './kafka-client.ts'
import { createDelivery, stopped } from './kafka-delivery.ts'
import { kafkaError } from './kafka-error.ts'
import { leave } from './kafka-leave.ts'
import { createPauses } from './kafka-pauses.ts'
import { kafkaJsConsumer, keepRunning } from './kafka-run.ts'
import { startBeating, watchFetches, watchMembership } from './kafka-watch.ts'
import { createMembership } from './membership.ts'

/** Heartbeats in a session: nine may be missed in a row. */
const HEARTBEATS_PER_SESSION = 10
/** Longest wait of a fetch for records. Stopping waits for it, and so does a heartbeat when nothing arrives. */
const MAX_FETCH_WAIT_MS = 500
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
  const finished = Promise.withResolvers<void>()
  const consumer = kafkaJsConsumer(deps.kafka, {
    groupId: options.groupId,
    sessionTimeout: deps.sessionTimeoutMs,
    rebalanceTimeout: Math.max(60_000, deps.sessionTimeoutMs),
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: Math.min(heartbeatMs, MAX_FETCH_WAIT_MS),
    maxBytesPerPartition: PARTITION_FETCH_BYTES,
    maxBytes: FETCH_BYTES,
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
  watchMembership(consumer, membership, (tookMs) =>
    options.observer?.onAssigned(membership.assignment(), tookMs),
  )
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
    await keepRunning(consumer, {
      topics: options.topics,
      fromBeginning: options.from === 'earliest',
      run: {
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: options.concurrentPartitions,
        eachBatch: (payload) => delivery.eachBatch(payload),
      },
      stopping: stopping.signal,
      sink: deps.sink,
      onEnd: (error) => finished.reject(stopped(error)),
    })
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
