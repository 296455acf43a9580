// The event log over Kafka with kafkajs: no record lost, order kept for each key, at least once or exactly once.
import type { ISocketFactory, Kafka } from 'kafkajs'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Consumer, EventLog, Follower } from './event-log.ts'
import { withAdmin } from './kafka-admin.ts'
import { claimAtLeastOnce, type Position } from './kafka-claim.ts'
import { hideTimerWarning, kafkaClient, type LogSink } from './kafka-client.ts'
import { startKafkaConsumer } from './kafka-consumer.ts'
import { openKafkaHistory } from './kafka-history.ts'
import { startKafkaFollower } from './kafka-follower.ts'
import { readKafkaSpan } from './kafka-range.ts'
import { claimExactlyOnce } from './kafka-transaction.ts'
import { createProducerPool } from './producer-pool.ts'

export interface KafkaLogOptions {
  readonly settings: Config['kafka']
  /** Sends under way at once; as many as partitions are worked on at once is right. */
  readonly concurrentSends: number
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  readonly sink: LogSink
  readonly socketFactory?: ISocketFactory
}

/** The event log on the brokers of `settings`. Connects when it is first used. */
export function createKafkaLog(options: KafkaLogOptions): EventLog {
  hideTimerWarning(process)
  const kafka = kafkaClient(options)
  const transactions = kafkaClient({ ...options, lines: 'none' })
  const onDiscardFailed = (error: unknown): void =>
    options.sink.debug({ err: error }, 'A broken Kafka producer did not disconnect')
  const producers = createProducerPool({
    // kafkajs warns at each idempotent producer that does not retry for ever; producer-pool.ts says why that is safe here.
    kafka: kafkaClient({ ...options, lines: 'errors' }),
    size: options.concurrentSends,
    onDiscardFailed,
  })
  const consumers = new Set<Consumer | Follower>()
  return {
    kind: 'kafka',
    async consume(consumeOptions) {
      const { groupId } = consumeOptions
      await requireTopics(kafka, [...consumeOptions.topics, ...(consumeOptions.publishesTo ?? [])])
      const consumer = await startKafkaConsumer(
        {
          kafka,
          sessionTimeoutMs: options.settings.sessionTimeoutMs,
          openClaim: (topic, partition) => {
            const source = { topic, partition, readPosition: positionsOf(kafka, groupId) }
            return options.settings.delivery === 'exactly-once'
              ? claimExactlyOnce(source, { kafka: transactions, groupId, onDiscardFailed })
              : claimAtLeastOnce(source, (records) => producers.send(records))
          },
          now: options.now,
          sink: options.sink,
        },
        consumeOptions,
      )
      consumers.add(consumer)
      return consumer
    },
    async follow(followOptions) {
      await requireTopics(kafka, [followOptions.topic])
      const { clientId } = options.settings
      const follower = await startKafkaFollower({ kafka, clientId, sink: options.sink }, followOptions)
      consumers.add(follower)
      return follower
    },
    readSpan: (span) =>
      readKafkaSpan({ kafka, clientId: options.settings.clientId, sink: options.sink }, span),
    async history(historyOptions) {
      await requireTopics(kafka, historyOptions.topics)
      const { clientId } = options.settings
      return openKafkaHistory({ kafka, clientId, sink: options.sink }, historyOptions)
    },
    produce: (records) => producers.send(records),
    async hasCommitted(groupId, topics) {
      const found = await withAdmin(kafka, `reading the offsets of ${groupId}`, (admin) =>
        admin.fetchOffsets({ groupId, topics: [...topics] }),
      )
      return found.some(({ partitions }) => partitions.some(({ offset }) => BigInt(offset) > 0n))
    },
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
      await producers.close()
    },
  }
}

/** Asks where the group stands in a partition. */
function positionsOf(kafka: Kafka, groupId: string): (topic: string, partition: number) => Promise<Position> {
  return async (topic, partition) => {
    const offsets = await withAdmin(kafka, `reading the offset of ${topic}/${partition}`, (admin) =>
      admin.fetchOffsets({ groupId, topics: [topic] }),
    )
    const found = offsets[0]?.partitions.find((entry) => entry.partition === partition)
    return { nextOffset: BigInt(found?.offset ?? -1), note: found?.metadata ?? '' }
  }
}

/** Throws TOPIC_MISSING that names every topic which is not there. */
export async function requireTopics(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const existing = new Set(await withAdmin(kafka, 'listing the topics', (admin) => admin.listTopics()))
  const missing = topics.filter((topic) => !existing.has(topic))
  if (missing.length === 0) return
  throw new AppError(
    'TOPIC_MISSING',
    `${missing.join(', ')}. Create all topics with "paysentry topics create"`,
  )
}
