// A Kafka log with topics of its own for one test file; everything it made is gone when the file ends.
import { randomBytes } from 'node:crypto'
import { Kafka, logLevel, type Admin, type ISocketFactory } from 'kafkajs'
import { afterAll, inject } from 'vitest'
import { configSchema, type Config } from '../../../src/config.ts'
import type { EventLog } from '../../../src/log/event-log.ts'
import { hideTimerWarning, type LogSink } from '../../../src/log/kafka-client.ts'
import { createKafkaLog } from '../../../src/log/kafka-log.ts'
import { createTopics } from '../../../src/log/topic-admin.ts'

export const SILENT: LogSink = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface KafkaUnderTest {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly settings: Config['kafka']
  /** A name that no other test has. */
  name(): string
  createTopic(options?: {
    partitions?: number
    config?: Record<string, string>
    name?: string
  }): Promise<string>
  /** Deletes a topic that somebody else creates, at the end. */
  own(topic: string): void
  /** A log of its own, closed at the end. */
  openLog(options?: { sink?: LogSink; socketFactory?: ISocketFactory }): EventLog
}

/** Call at the top of a describe block or file. */
export function kafkaUnderTest(delivery: Config['kafka']['delivery'] = 'at-least-once'): KafkaUnderTest {
  hideTimerWarning(process)
  const brokers = inject('kafkaBrokers')
  const kafka = new Kafka({ brokers, clientId: 'paysentry-test', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  const topics: string[] = []
  const logs: EventLog[] = []
  const settings: Config['kafka'] = {
    ...configSchema.shape.kafka.parse({}),
    brokers,
    delivery,
    // The shortest that Kafka allows by default, so that tests of lost members are short.
    sessionTimeoutMs: 6_000,
  }
  const name = () => `test-${randomBytes(6).toString('hex')}`
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()))
    if (topics.length > 0) await admin.deleteTopics({ topics })
    await admin.disconnect()
  })
  return {
    kafka,
    admin,
    settings,
    name,
    async createTopic({ partitions = 3, config = {}, name: topic = name() } = {}) {
      await admin.connect()
      await createTopics(kafka, [{ role: 'events', name: topic, partitions, replicationFactor: 1, config }], {
        dryRun: false,
      })
      topics.push(topic)
      return topic
    },
    own: (topic) => void topics.push(topic),
    openLog(options = {}) {
      const log = createKafkaLog({ settings, concurrentSends: 4, now: Date.now, sink: SILENT, ...options })
      logs.push(log)
      return log
    },
  }
}
