// One member of a consumer group over kafkajs: hands out batches, keeps the membership alive while they are worked on, and says
// for good when it is over. A batch that was not committed is fetched again from the last commit, never passed over.
import { setTimeout as delay } from 'node:timers/promises'
import type { Consumer as KafkaJsConsumer, EachBatchPayload, Kafka } from 'kafkajs'
import { AppError } from '../errors.ts'
import { type ConsumeOptions, type Consumer, REDELIVERY_PAUSE_MS } from './event-log.ts'
import { kafkaBatch } from './kafka-batch.ts'
import { type Claim, createClaims } from './kafka-claim.ts'
import type { LogSink } from './kafka-client.ts'
import { kafkaError } from './kafka-error.ts'
import { createMembership, type Membership } from './membership.ts'

/** Heartbeats in a session: nine may be missed in a row. */
const HEARTBEATS_PER_SESSION = 10
/** Longest wait of a fetch for records. Stopping waits for it, and so does a heartbeat when nothing arrives. */
const MAX_FETCH_WAIT_MS = 500
/** Time for the first join: a coordinator that has just come up, or moved, may still be loading. */
const JOIN_WITHIN_MS = 15_000

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
    await consumer.disconnect()
    membership.left()
  }
  const fail = async (error: AppError): Promise<void> => {
    finished.reject(error)
    try {
      await stop()
    } catch (thrown) {
      deps.sink.warn({ err: thrown }, 'The Kafka consumer did not stop cleanly')
    }
  }
  watchMembership(consumer, membership, {
    onJoin: () => ready.resolve(),
    onEnd(error) {
      ready.reject(error)
      if (started && !stopping.signal.aborted) finished.reject(stopped(error))
    },
  })
  const delivery = createDelivery(deps, { ...options, membership, stopping: stopping.signal, fail })
  const beating = setInterval(() => delivery.heartbeat(), heartbeatMs)
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

interface DeliveryOptions extends ConsumeOptions {
  readonly membership: Membership
  readonly stopping: AbortSignal
  readonly fail: (error: AppError) => Promise<void>
}

interface Delivery {
  eachBatch(payload: EachBatchPayload): Promise<void>
  /** Keeps the membership alive while a batch is in hand; kafkajs does so only between batches. */
  heartbeat(): void
}

function createDelivery(deps: KafkaConsumerDeps, options: DeliveryOptions): Delivery {
  const { membership, stopping, maxBatchRecords } = options
  const inHand = new Set<EachBatchPayload>()
  const claims = createClaims(deps.openClaim)
  const beat = async (payload: EachBatchPayload): Promise<void> => {
    try {
      await payload.heartbeat()
    } catch (error) {
      membership.failed(error)
    }
  }
  /** Null when the claim cannot be had now: the batch comes again. */
  const claimFor = async ({ batch }: EachBatchPayload, generation: number): Promise<Claim | null> => {
    try {
      return await claims.of(batch.topic, batch.partition, generation)
    } catch (thrown) {
      const error = kafkaError(thrown, `taking up ${batch.topic}/${batch.partition}`)
      if (!isPassing(error)) throw error
      deps.sink.warn({ err: error }, 'A partition could not be taken up; it is tried again')
      await pause(stopping)
      return null
    }
  }
  const deliver = async (payload: EachBatchPayload): Promise<void> => {
    const generation = membership.generation()
    const { topic, partition, messages } = payload.batch
    // With several brokers kafkajs can join again while the batches of another broker still wait for their turn.
    if (!membership.owns(topic, partition)) return
    const arrivedAtMs = deps.now()
    const claim = await claimFor(payload, generation)
    if (claim === null) return
    for (let start = 0; start < messages.length; start += maxBatchRecords) {
      if (stopping.aborted || membership.isLost(generation) || membership.interruption() !== null) break
      const end = Math.min(start + maxBatchRecords, messages.length)
      const batch = kafkaBatch({ payload, start, end, generation, membership, arrivedAtMs, claim })
      await options.onBatch(batch)
      if (!batch.isCommitted()) {
        await pause(stopping)
        break
      }
      payload.resolveOffset(messages[end - 1]?.offset ?? '')
      await beat(payload)
    }
  }
  return {
    async eachBatch(payload) {
      inHand.add(payload)
      try {
        await deliver(payload)
      } catch (error) {
        const { topic, partition } = payload.batch
        // Not awaited: stopping waits for this very batch.
        void options.fail(stopped(error, `work on a batch of ${topic}/${partition} failed`))
      } finally {
        inHand.delete(payload)
      }
      const interruption = membership.interruption()
      // By this kafkajs learns that it must join again. It is what it threw itself, so it knows what to do.
      if (interruption !== null && !stopping.aborted) throw interruption
    },
    heartbeat() {
      const [payload] = inHand
      if (payload !== undefined) void beat(payload)
    },
  }
}

interface MembershipEvents {
  readonly onJoin: () => void
  /** kafkajs has given up for good. */
  readonly onEnd: (error: Error) => void
}

function watchMembership(consumer: KafkaJsConsumer, membership: Membership, events: MembershipEvents): void {
  consumer.on('consumer.group_join', ({ payload }) => {
    membership.joined(payload.memberAssignment)
    events.onJoin()
  })
  consumer.on('consumer.heartbeat', () => membership.alive())
  consumer.on('consumer.rebalancing', () => membership.left())
  consumer.on('consumer.crash', ({ payload }) => {
    membership.left()
    if (!payload.restart) events.onEnd(payload.error)
  })
}

function isPassing(error: Error): boolean {
  const { disposition } = kafkaError(error, '')
  return disposition === 'retry' || disposition === 'abandon'
}

function stopped(cause: unknown, doing = 'kafkajs gave up'): AppError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const unreadable = cause instanceof Error && cause.name === 'KafkaJSNotImplemented'
  const remedy = unreadable
    ? '. A producer compresses with a codec that paysentry does not read; set compression.type to gzip or none at that producer'
    : ''
  return new AppError('CONSUMER_STOPPED', `${doing}: ${message}${remedy}`, { cause })
}

async function pause(stopping: AbortSignal): Promise<void> {
  try {
    await delay(REDELIVERY_PAUSE_MS, undefined, { signal: stopping })
  } catch (error) {
    if (!stopping.aborted) throw error
  }
}
