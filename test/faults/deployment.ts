// The deployment on which a fault schedule is played: topics and journals of its own, two processors behind their proxies, and
// more that crash or stall at a point.
import { randomBytes } from 'node:crypto'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type Config, loadConfig } from '../../src/config.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { createTopics } from '../../src/log/topic-admin.ts'
import { topicSettings } from '../../src/log/topic-settings.ts'
import { type TopicNames, topicNames } from '../../src/log/topics.ts'
import { SILENT } from '../support/kafka/kafka-under-test.ts'
import { type Processor, startProcessor } from '../support/processor.ts'
import { patiently } from './patiently.ts'
import type { Schedule } from './schedule.ts'
import type { Servers } from './servers.ts'

/** The shortest that a broker allows by default. */
export const SESSION_MS = 6_000
const DAY_MS = 86_400_000
const FAULTY = 'test/faults/faulty-processor.ts'

export interface Deployment {
  readonly groupId: string
  readonly config: Config
  readonly topics: TopicNames
  readonly log: EventLog
  readonly admin: Admin
  readonly servers: Servers
  /** The two that run; a slot is replaced when its processor was killed. */
  readonly processors: Processor[]
  startProcessor(slot: number): Promise<Processor>
  /** One more processor, which does something to itself, such as `stall:publish`. */
  startFaulty(what: string): Promise<Processor>
  close(): Promise<void>
}

export interface DeploymentOptions extends Pick<Schedule, 'delivery'> {
  /** Settings of the processors besides those that tests need. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function openDeployment(
  servers: Servers,
  { delivery, settings = {} }: DeploymentOptions,
): Promise<Deployment> {
  const name = `faults-${randomBytes(4).toString('hex')}`
  const env = (clientId: string, broker: string, redisPort: number): Record<string, string> => ({
    PAYSENTRY_KAFKA_BROKERS: broker,
    PAYSENTRY_KAFKA_GROUP_ID: name,
    PAYSENTRY_KAFKA_CLIENT_ID: clientId,
    PAYSENTRY_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS),
    PAYSENTRY_KAFKA_DELIVERY: delivery,
    PAYSENTRY_TOPICS_PREFIX: `${name}.`,
    PAYSENTRY_TOPICS_PARTITIONS: '6',
    PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
    PAYSENTRY_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    PAYSENTRY_REDIS_KEY_PREFIX: `${name}:`,
    PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '5a'.repeat(16),
    // A month of traffic is played in seconds, by partitions that run ahead of each other by days: nothing shall be late, and
    // journals shall stay as they are, for the recount.
    PAYSENTRY_VELOCITY_EXACT_HORIZON_MS: String(35 * DAY_MS),
    PAYSENTRY_VELOCITY_ALLOWED_LATENESS_MS: String(35 * DAY_MS),
    // A machine that plays many schedules at once is slow.
    PAYSENTRY_REDIS_COMMAND_TIMEOUT_MS: '10000',
    PAYSENTRY_SHUTDOWN_DEADLINE_MS: '30000',
    // Every decision is held against a recount with windows and a score, and the model of a busy machine may be too slow for the deadline.
    PAYSENTRY_DEGRADE_JOURNALS: 'wait',
    PAYSENTRY_DEGRADE_MODEL: 'wait',
    ...settings,
  })
  const direct = (clientId: string) => env(clientId, servers.broker, servers.redisPort)
  const config = loadConfig({ env: direct('reader') })
  const kafka = new Kafka({ brokers: [servers.broker], clientId: name, logLevel: logLevel.NOTHING })
  const topics = topicNames(config.topics.prefix)
  await patiently(() => createTopics(kafka, topicSettings(config), { dryRun: false }))
  const log = createKafkaLog({ settings: config.kafka, concurrentSends: 2, now: Date.now, sink: SILENT })
  const admin = kafka.admin()
  await admin.connect()
  const all = new Set<Processor>()
  const processors: Processor[] = []
  const kept = (processor: Processor): Processor => {
    all.add(processor)
    return processor
  }
  return {
    groupId: name,
    config,
    topics,
    log,
    admin,
    servers,
    processors,
    async startProcessor(slot) {
      const network = servers.networks[slot]
      if (network === undefined) throw new Error(`there is no processor ${slot}`)
      const broker = `127.0.0.1:${network.kafka.port}`
      const processor = kept(await supervised(env(`p${slot}`, broker, network.redis.port)))
      processors[slot] = processor
      return processor
    },
    startFaulty: async (what) => kept(await supervised({ ...direct('faulty'), FAULT_AT: what }, [FAULTY])),
    async close() {
      await Promise.all([...all].map((processor) => processor.kill()))
      await log.close()
      await admin.deleteTopics({ topics: Object.values(topics) })
      await admin.disconnect()
    },
  }
}

const STARTS = 5

/** What a supervisor does: starts it again when it ended at the start, because a server was not back yet. */
async function supervised(
  env: Readonly<Record<string, string>>,
  command?: readonly string[],
): Promise<Processor> {
  for (let start = 1; ; start++) {
    try {
      return await startProcessor(env, command)
    } catch (error) {
      const endedAtStart = error instanceof Error && error.message.includes('before it was ready')
      if (start === STARTS || !endedAtStart) throw error
    }
  }
}
