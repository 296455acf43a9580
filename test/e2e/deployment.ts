// A whole deployment for one e2e test: topics of its own on the run's Kafka, a Redis of its own, processors as processes.
import { randomBytes } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, inject } from 'vitest'
import { type Config, loadConfig } from '../../src/config.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { type TopicNames, topicNames } from '../../src/log/topics.ts'
import { SILENT } from '../support/kafka/kafka-under-test.ts'
import { type Processor, runPaysentry, startProcessor } from '../support/processor.ts'
import { startRedis } from '../support/redis.ts'

const POLL_MS = 100

export interface Deployment {
  readonly env: Readonly<Record<string, string>>
  readonly config: Config
  readonly topics: TopicNames
  readonly log: EventLog
  /** Starts a processor that calls itself `name` on its decisions; stopped at the end if the test did not. */
  startProcessor(name: string, settings?: Readonly<Record<string, string>>): Promise<Processor>
  /** Resolves when the group has committed every record of events and labels. */
  untilCommitted(): Promise<void>
  /** Records in the topic. */
  size(topic: string): Promise<number>
}

/** Call within a describe block; resolves when topics and Redis are there. */
export async function deploy(): Promise<Deployment> {
  hideTimerWarning(process)
  const brokers = inject('kafkaBrokers')
  const name = `e2e-${randomBytes(4).toString('hex')}`
  const redis = await startRedis()
  const env = {
    PAYSENTRY_KAFKA_BROKERS: brokers.join(','),
    PAYSENTRY_KAFKA_GROUP_ID: name,
    PAYSENTRY_KAFKA_SESSION_TIMEOUT_MS: '6000',
    PAYSENTRY_TOPICS_PREFIX: `${name}.`,
    PAYSENTRY_TOPICS_PARTITIONS: '6',
    PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
    PAYSENTRY_REDIS_URL: redis.url,
    PAYSENTRY_REDIS_KEY_PREFIX: `${name}:`,
    PAYSENTRY_PRIVACY_PSEUDONYM_KEY: randomBytes(16).toString('hex'),
    // A month of traffic is played in seconds, by partitions that run ahead of each other by days: nothing shall be late, and
    // journals shall stay as they are, for the recount.
    PAYSENTRY_VELOCITY_EXACT_HORIZON_MS: String(35 * 86_400_000),
    PAYSENTRY_VELOCITY_ALLOWED_LATENESS_MS: String(35 * 86_400_000),
    // A slow machine must not make a policy decide.
    PAYSENTRY_DEGRADE_JOURNALS: 'wait',
  }
  const config = loadConfig({ env })
  const topics = topicNames(config.topics.prefix)
  const created = await runPaysentry(['topics', 'create'], env)
  if (created.code !== 0) throw new Error(`topics create failed:\n${created.stdout}${created.stderr}`)
  const log = createKafkaLog({ settings: config.kafka, concurrentSends: 2, now: Date.now, sink: SILENT })
  const admin = new Kafka({ brokers, clientId: name, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const processors = new Set<Processor>()

  afterAll(async () => {
    await Promise.all([...processors].map((processor) => processor.kill()))
    await log.close()
    await admin.deleteTopics({ topics: Object.values(topics) })
    await admin.disconnect()
    await redis.stop()
  })

  const ends = async (topic: string): Promise<Map<number, number>> => {
    const offsets = await admin.fetchTopicOffsets(topic)
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
  }
  const isCommitted = async (topic: string): Promise<boolean> => {
    const wanted = await ends(topic)
    const [committed] = await admin.fetchOffsets({ groupId: name, topics: [topic] })
    const reached = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    return [...wanted].every(([partition, end]) => end === 0 || (reached.get(partition) ?? -1) >= end)
  }
  return {
    env,
    config,
    topics,
    log,
    async startProcessor(clientId, settings = {}) {
      const processor = await startProcessor({ ...env, PAYSENTRY_KAFKA_CLIENT_ID: clientId, ...settings })
      processors.add(processor)
      return processor
    },
    async untilCommitted() {
      while (!((await isCommitted(topics.events)) && (await isCommitted(topics.labels)))) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
    async size(topic) {
      return [...(await ends(topic)).values()].reduce((sum, end) => sum + end, 0)
    },
  }
}
