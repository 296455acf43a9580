// Creates the topics that are missing and says how the others differ from what they should be. Changes no existing topic.
import { setTimeout as delay } from 'node:timers/promises'
// By the default import: Node finds only some of kafkajs's names when it is imported by name.
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import { AppError } from '../errors.ts'
import { kafkaError, protocolErrorType } from './kafka-error.ts'
import { withAdmin } from './kafka-admin.ts'
import type { TopicSettings } from './topic-settings.ts'

const KNOWN_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 50

export interface TopicReport {
  readonly name: string
  readonly state: 'created' | 'missing' | 'exists'
  readonly partitions: number
  readonly replicationFactor: number
  /** What differs and matters, a sentence each; empty when the topic is as it should be. */
  readonly differences: readonly string[]
}

export interface CreateTopicsOptions {
  /** Only asks the brokers whether they would: nothing is created, missing topics are reported as `missing`. */
  readonly dryRun: boolean
}

/** Creates what is missing and checks what is there. Throws LOG_UNAVAILABLE, or CONFIG_INVALID with the brokers' reasons. */
export function createTopics(
  kafka: Kafka,
  wanted: readonly TopicSettings[],
  { dryRun }: CreateTopicsOptions,
): Promise<TopicReport[]> {
  return withAdmin(kafka, 'creating topics', async (admin) => {
    const reports = await inspect(admin, wanted)
    const missing = wanted.filter((_, index) => reports[index]?.state === 'missing')
    if (missing.length > 0) {
      await create(admin, missing, dryRun)
      if (!dryRun)
        await untilKnown(
          admin,
          missing.map(({ name }) => name),
        )
    }
    return reports.map((report) =>
      report.state === 'missing' && !dryRun ? { ...report, state: 'created' as const } : report,
    )
  })
}

async function create(admin: Admin, topics: readonly TopicSettings[], dryRun: boolean): Promise<void> {
  try {
    await admin.createTopics({
      validateOnly: dryRun,
      // Not by kafkajs: it takes a topic that the broker has not heard of yet for one that is missing.
      waitForLeaders: false,
      topics: topics.map((topic) => ({
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: topic.replicationFactor,
        configEntries: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
      })),
    })
  } catch (error) {
    if (!(error instanceof kafkajs.KafkaJSAggregateError)) throw error
    const problems = error.errors.map((refused) => {
      const topic = topics.find(
        ({ name }) => refused instanceof Error && 'topic' in refused && refused.topic === name,
      )
      const what =
        topic && `${topic.name} with ${topic.partitions} partitions and ${topic.replicationFactor} replicas: `
      return `${what ?? ''}${refused instanceof Error ? refused.message : refused}`
    })
    const passing = error.errors.some((refused) => kafkaError(refused, '').code === 'LOG_UNAVAILABLE')
    throw new AppError(
      passing ? 'LOG_UNAVAILABLE' : 'CONFIG_INVALID',
      'the brokers refuse topics; see topics.partitions and topics.replicationFactor',
      {
        cause: error,
        problems,
      },
    )
  }
}

/** What brokers answer about a topic whose creation has not reached all of them. */
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'])

/**
 * Resolves when the leader of every partition answers for it: a KRaft controller says that a topic is created before the brokers know, and
 * they say who leads before that one knows.
 */
async function untilKnown(admin: Admin, topics: readonly string[]): Promise<void> {
  const giveUpAtMs = performance.now() + KNOWN_WITHIN_MS
  for (const topic of topics) {
    for (;;) {
      try {
        await admin.fetchTopicOffsets(topic)
        break
      } catch (error) {
        const isPassing = NOT_YET.has(protocolErrorType(error) ?? '')
        if (!isPassing || performance.now() > giveUpAtMs) throw error
      }
      await delay(LOOK_EVERY_MS)
    }
  }
}

/** Looks at the topics without changing anything. Throws as `createTopics`. */
export function describeTopics(kafka: Kafka, wanted: readonly TopicSettings[]): Promise<TopicReport[]> {
  return withAdmin(kafka, 'describing topics', (admin) => inspect(admin, wanted))
}

async function inspect(admin: Admin, wanted: readonly TopicSettings[]): Promise<TopicReport[]> {
  const existing = new Set(await admin.listTopics())
  const present = wanted.filter(({ name }) => existing.has(name))
  const sizes = await partitionsOf(admin, present)
  const configs = await configsOf(admin, present)
  return wanted.map((topic) => {
    const size = sizes.get(topic.name)
    if (size === undefined) {
      const { name, partitions, replicationFactor } = topic
      return { name, state: 'missing', partitions, replicationFactor, differences: [] }
    }
    return {
      name: topic.name,
      state: 'exists',
      ...size,
      differences: differences(topic, size, configs.get(topic.name) ?? new Map<string, string>()),
    }
  })
}

interface Size {
  readonly partitions: number
  readonly replicationFactor: number
}

async function partitionsOf(admin: Admin, topics: readonly TopicSettings[]): Promise<Map<string, Size>> {
  if (topics.length === 0) return new Map()
  const metadata = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) })
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      {
        partitions: partitions.length,
        replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      },
    ]),
  )
}

async function configsOf(
  admin: Admin,
  topics: readonly TopicSettings[],
): Promise<Map<string, Map<string, string>>> {
  if (topics.length === 0) return new Map()
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name, config }) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: Object.keys(config),
    })),
  })
  return new Map(
    described.resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  )
}

/** Settings of which more than wanted does no harm; -1 is "without limit" for a retention. */
const AT_LEAST = new Set(['retention.ms', 'max.message.bytes', 'min.insync.replicas'])

function differences(wanted: TopicSettings, size: Size, config: ReadonlyMap<string, string>): string[] {
  const found: string[] = []
  if (size.partitions < wanted.partitions) {
    found.push(`has ${size.partitions} partitions, fewer than the ${wanted.partitions} of topics.partitions`)
  }
  if (size.replicationFactor < wanted.replicationFactor) {
    found.push(
      `has ${size.replicationFactor} replicas, fewer than the ${wanted.replicationFactor} of topics.replicationFactor`,
    )
  }
  for (const [name, value] of Object.entries(wanted.config)) {
    const actual = config.get(name)
    if (actual === undefined || actual === value) continue
    if (AT_LEAST.has(name) && (actual === '-1' || Number(actual) >= Number(value))) continue
    found.push(`has ${name}=${actual} where ${value} is wanted`)
  }
  return found
}
