// Between kafkajs and the work: cuts what was fetched into batches, gives each its claim, and keeps the membership alive
// while they are worked on.
import type { EachBatchPayload } from 'kafkajs'
import { AppError } from '../errors.ts'
import { pause } from '../pause.ts'
import { type ConsumeOptions, REDELIVERY_PAUSE_MS } from './event-log.ts'
import { kafkaBatch } from './kafka-batch.ts'
import type { Claim, Claims } from './kafka-claim.ts'
import type { LogSink } from './kafka-client.ts'
import { isPassing, kafkaError } from './kafka-error.ts'
import type { Membership } from './membership.ts'

export interface DeliveryOptions extends ConsumeOptions {
  readonly membership: Membership
  readonly claims: Claims
  readonly isPaused: (topic: string, partition: number) => boolean
  readonly stopping: AbortSignal
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  readonly sink: LogSink
  readonly fail: (error: AppError) => Promise<void>
}

export interface Delivery {
  eachBatch(payload: EachBatchPayload): Promise<void>
  /** Keeps the membership alive while a batch is in hand; kafkajs does so only between batches. */
  heartbeat(): void
  /** True when no batch is in hand. */
  isIdle(): boolean
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { membership, claims, stopping, maxBatchRecords } = options
  const inHand = new Set<EachBatchPayload>()
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
      options.sink.warn({ err: error }, 'A partition could not be taken up; it is tried again')
      await pause(REDELIVERY_PAUSE_MS, stopping)
      return null
    }
  }
  const deliver = async (payload: EachBatchPayload): Promise<void> => {
    const generation = membership.generation()
    const { topic, partition, messages } = payload.batch
    // With several brokers kafkajs can join again while the batches of another broker still wait for their turn.
    if (!membership.owns(topic, partition) || options.isPaused(topic, partition)) return
    const arrivedAtMs = options.now()
    // A process that was held up for longer than its session learns of it here, before it takes the partition from its owner.
    await beat(payload)
    if (membership.isLost(generation)) return
    const claim = await claimFor(payload, generation)
    if (claim === null) return
    const first = passDone(payload, claim.position().nextOffset)
    for (let start = first, end = first; start < messages.length; start = end) {
      if (stopping.aborted || membership.isLost(generation) || membership.interruption() !== null) break
      // What is left of the fetch is fetched again when its partition goes on.
      if (options.isPaused(topic, partition)) break
      const limit = options.limit?.(claim.position().note) ?? maxBatchRecords
      end = Math.min(start + Math.min(limit, maxBatchRecords), messages.length)
      const batch = kafkaBatch({ payload, start, end, generation, membership, arrivedAtMs, claim })
      await options.onBatch(batch)
      if (!batch.isCommitted()) {
        await claim.abandon()
        await pause(REDELIVERY_PAUSE_MS, stopping)
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
    isIdle: () => inHand.size === 0,
  }
}

/**
 * Index of the first message that is not done. kafkajs asks for its place before the claim is made; in between, the owner
 * before this one can still have committed.
 */
function passDone({ batch, resolveOffset }: EachBatchPayload, nextOffset: bigint): number {
  const open = batch.messages.findIndex(({ offset }) => BigInt(offset) >= nextOffset)
  const first = open === -1 ? batch.messages.length : open
  const last = batch.messages[first - 1]
  if (last !== undefined) resolveOffset(last.offset)
  return first
}

/** The error that ends a consumer. */
export function stopped(cause: unknown, doing = 'kafkajs gave up'): AppError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const unreadable = cause instanceof Error && cause.name === 'KafkaJSNotImplemented'
  const remedy = unreadable
    ? '. A producer compresses with a codec that paysentry does not read; set compression.type to gzip or none at that producer'
    : ''
  return new AppError('CONSUMER_STOPPED', `${doing}: ${message}${remedy}`, { cause })
}
