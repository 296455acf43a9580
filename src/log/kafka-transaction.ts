// A claim that publishes and commits in one transaction, so that a read-committed reader sees each output once.
//
// kafkajs's transactions carry no generation of the group, so the transactional id stands for the input partition. Whoever
// takes a partition up opens a producer under that id, which fences the owner before and ends its transaction, and only
// then asks where the group stands: nobody else can move it from there on. Every failure ends the producer; the next one
// goes on only where it finds the group at the place that this claim knows.
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Producer, Transaction } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { OutputRecord } from './event-log.ts'
import { type Claim, type ClaimSource, offsetsOf, type Position } from './kafka-claim.ts'
import { protocolErrorType, requestError } from './kafka-error.ts'
import { partitioner, requests } from './kafka-request.ts'

/** A step that takes longer has failed: kafkajs would go on trying for minutes when a broker hangs. */
const STEP_WITHIN_MS = 15_000
/**
 * The brokers end a transaction some milliseconds after they have said so, and refuse the next one until then. With kafkajs's
 * own waits of 300 ms a partition would do three transactions a second. Together these take 3 s.
 */
const WAITS = { initialRetryTime: 3, multiplier: 1.5, retries: 14 } as const

export interface TransactionOptions {
  /** Without log lines: kafkajs reports as an error that the transaction before is still being ended. */
  readonly kafka: Kafka
  readonly groupId: string
  /** Told when letting go of a producer failed. */
  readonly onDiscardFailed: (error: unknown) => void
}

interface Writer {
  readonly producer: Producer
  /** Begun, though the brokers hear of it with its first record or offset. */
  transaction: Transaction | null
  hasOutputs: boolean
}

/** Takes the partition up. Throws LOG_UNAVAILABLE, PARTITION_LOST or CONFIG_INVALID. */
export async function claimExactlyOnce(source: ClaimSource, options: TransactionOptions): Promise<Claim> {
  const { topic, partition, readPosition } = source
  const { groupId } = options
  const name = `${topic}/${partition}`
  let released = false
  let writer: Writer | null = null
  let position: Position = { nextOffset: -1n, note: '' }
  /** Outputs were lost with their producer: the offset must not move before they are published again. */
  let owesOutputs = false

  const end = async (): Promise<void> => {
    const ended = writer
    writer = null
    owesOutputs ||= ended?.hasOutputs === true
    try {
      await ended?.producer.disconnect()
    } catch (error) {
      options.onDiscardFailed(error)
    }
  }
  const step = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await within(STEP_WITHIN_MS, work())
    } catch (error) {
      void end()
      throw transactionError(error, `${doing} of ${name}`)
    }
  }
  /** Fences whoever had the partition, then asks where the group stands; `accept` may refuse to go on from there. */
  const open = async (accept: (found: Position) => void): Promise<Writer> => {
    const producer = transactionalProducer(options.kafka, `${groupId}-${topic}-${partition}`)
    const opened: Writer = { producer, transaction: null, hasOutputs: false }
    writer = opened
    return step('opening the transactions', async () => {
      await producer.connect()
      opened.transaction = await producer.transaction()
      accept(await readPosition(topic, partition))
      return opened
    })
  }
  const requireUnmoved = ({ nextOffset }: Position): void => {
    if (nextOffset === position.nextOffset) return
    throw new AppError('PARTITION_LOST', `${name} stands at ${nextOffset}, not ${position.nextOffset}`)
  }
  const begun = async (): Promise<{ open: Writer; transaction: Transaction }> => {
    if (released) throw new AppError('PARTITION_LOST', `the claim on ${name} has ended`)
    const present = writer ?? (await open(requireUnmoved))
    const transaction =
      present.transaction ?? (await step('beginning a transaction', () => present.producer.transaction()))
    present.transaction = transaction
    return { open: present, transaction }
  }

  await open((found) => {
    position = found
  })
  return {
    position: () => position,
    isSound: () => writer !== null,
    async publish(outputs: readonly OutputRecord[]) {
      owesOutputs = false
      if (outputs.length === 0) return
      const { open: present, transaction } = await begun()
      present.hasOutputs = true
      await step('publishing', async () => {
        for (const topicMessages of requests(outputs))
          await transaction.sendBatch({ acks: -1, topicMessages })
      })
    },
    async commit(next) {
      if (owesOutputs) throw new AppError('LOG_UNAVAILABLE', `the outputs of ${name} must be published again`)
      const { open: present, transaction } = await begun()
      await step('committing', async () => {
        const offsets = { consumerGroupId: groupId, ...offsetsOf(topic, partition, next) }
        await onceEnded(() => transaction.sendOffsets(offsets))
        await transaction.commit()
      })
      present.transaction = null
      present.hasOutputs = false
      position = next
    },
    async abandon() {
      owesOutputs = false
      const present = writer
      const transaction = present?.transaction ?? null
      if (present === null || transaction === null || !present.hasOutputs) return
      try {
        await step('giving up a transaction', () => transaction.abort())
        present.transaction = null
        present.hasOutputs = false
      } catch (error) {
        // The next producer under this id ends it.
        options.onDiscardFailed(error)
      }
    },
    async release() {
      released = true
      await end()
    },
  }
}

function transactionalProducer(kafka: Kafka, transactionalId: string): Producer {
  return kafka.producer({
    transactionalId,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: partitioner,
    retry: { ...WAITS, factor: 0 },
  })
}

/** kafkajs tries again by itself when records are the first that the brokers hear of a transaction, not when offsets are. */
async function onceEnded(work: () => Promise<void>): Promise<void> {
  let waitMs: number = WAITS.initialRetryTime
  for (let retries = 0; ; retries++) {
    try {
      await work()
      return
    } catch (error) {
      if (protocolErrorType(error) !== 'CONCURRENT_TRANSACTIONS' || retries === WAITS.retries) throw error
    }
    await delay(waitMs)
    waitMs *= WAITS.multiplier
  }
}

/** A move of a coordinator is no loss of the partition here: kafkajs looks for it anew with each transaction. */
function transactionError(thrown: unknown, doing: string): AppError {
  if (protocolErrorType(thrown) !== 'NOT_COORDINATOR_FOR_GROUP') return requestError(thrown, doing)
  return new AppError('LOG_UNAVAILABLE', `${doing}: the coordinator has moved`, { cause: thrown })
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new AppError('LOG_UNAVAILABLE', `no answer within ${limitMs} ms`)),
    limitMs,
  )
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
