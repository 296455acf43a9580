// The deployment on which a fault schedule is played: topics of its own, a durable Redis, two processors, each with a proxy of its own
// before Redis, and the traffic that they must decide.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type Config, loadConfig } from '../../src/config.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { createTopics } from '../../src/log/topic-admin.ts'
import { topicSettings } from '../../src/log/topic-settings.ts'
import { type TopicNames, topicNames } from '../../src/log/topics.ts'
import { type Processor, startProcessor } from '../support/processor.ts'
import { type RedisProcess, startRedisProcess } from './redis-process.ts'
import type { Schedule } from './schedule.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** The shortest that a broker allows by default. */
export const SESSION_MS = 6_000

export interface Deployment {
  readonly groupId: string
  readonly config: Config
  readonly topics: TopicNames
  readonly log: EventLog
  readonly admin: Admin
  readonly redis: RedisProcess
  readonly commands: Redis
  readonly proxies: readonly TcpProxy[]
  /** The two that run; a slot is replaced when its processor was killed. */
  readonly processors: Processor[]
  startProcessor(slot: number): Promise<Processor>
  /** One more processor, which crashes; resolves when it has joined the group, or has crashed already. */
  startCrashing(after: string): Promise<{ readonly exited: Promise<unknown> }>
  close(): Promise<void>
}

export async function openDeployment(
  brokers: readonly string[],
  { delivery }: Schedule,
): Promise<Deployment> {
  const name = `faults-${randomBytes(4).toString('hex')}`
  const redis = await startRedisProcess()
  const proxies = await Promise.all([0, 1].map(() => startTcpProxy(redis.port)))
  const env = (port: number, clientId: string): Record<string, string> => ({
    PAYSENTRY_KAFKA_BROKERS: brokers.join(','),
    PAYSENTRY_KAFKA_GROUP_ID: name,
    PAYSENTRY_KAFKA_CLIENT_ID: clientId,
    PAYSENTRY_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS),
    PAYSENTRY_KAFKA_DELIVERY: delivery,
    PAYSENTRY_TOPICS_PREFIX: `${name}.`,
    PAYSENTRY_TOPICS_PARTITIONS: '6',
    PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
    PAYSENTRY_REDIS_URL: `redis://127.0.0.1:${port}`,
    PAYSENTRY_REDIS_KEY_PREFIX: `${name}:`,
    PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '5a'.repeat(16),
    // A month of traffic is played in seconds, by partitions that run ahead of each other by days: nothing shall be late, and
    // journals shall stay as they are, for the recount.
    PAYSENTRY_VELOCITY_EXACT_HORIZON_MS: String(35 * 86_400_000),
    PAYSENTRY_VELOCITY_ALLOWED_LATENESS_MS: String(35 * 86_400_000),
    // Every decision is held against a recount with windows.
    PAYSENTRY_DEGRADE_JOURNALS: 'wait',
  })
  const config = loadConfig({ env: env(redis.port, 'reader') })
  const kafka = new Kafka({ brokers: [...brokers], clientId: name, logLevel: logLevel.NOTHING })
  const topics = topicNames(config.topics.prefix)
  await createTopics(kafka, topicSettings(config), { dryRun: false })
  const log = createKafkaLog({ settings: config.kafka, concurrentSends: 2, now: Date.now, sink: SILENT })
  const admin = kafka.admin()
  await admin.connect()
  const commands = new Redis(redis.port, '127.0.0.1', { retryStrategy: () => 100 })
  commands.on('error', () => undefined)
  const all = new Set<Processor>()
  const processors: Processor[] = []
  const start = async (slot: number): Promise<Processor> => {
    const processor = await startProcessor(env(proxies[slot]?.port ?? redis.port, `p${slot}`))
    all.add(processor)
    processors[slot] = processor
    return processor
  }
  return {
    groupId: name,
    config,
    topics,
    log,
    admin,
    redis,
    commands,
    proxies,
    processors,
    startProcessor: start,
    async startCrashing(after) {
      const settings = { ...env(redis.port, 'crashing'), FAULT_CRASH_AFTER: after }
      try {
        const processor = await startProcessor(settings, ['test/faults/crashing-processor.ts'])
        all.add(processor)
        return processor
      } catch (error) {
        // It says so itself when it ended for another reason than the crash.
        if (error instanceof Error && error.message.includes('ended with null'))
          return { exited: Promise.resolve() }
        throw error
      }
    },
    async close() {
      await Promise.all([...all].map((processor) => processor.kill()))
      await log.close()
      await admin.deleteTopics({ topics: Object.values(topics) })
      await admin.disconnect()
      commands.disconnect()
      await Promise.all(proxies.map((proxy) => proxy.close()))
      await redis.stop()
    },
  }
}
