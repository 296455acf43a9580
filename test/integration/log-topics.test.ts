// `topics create` against a real broker: creates what is missing, tells what differs, changes nothing that exists.
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { topicTable } from '../../src/cli/topics.ts'
import { createTopics, describeTopics } from '../../src/log/topic-admin.ts'
import { topicSettings } from '../../src/log/topic-settings.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const prefix = `${under.name()}.`
const config = loadConfig({
  env: {
    PAYSENTRY_TOPICS_PREFIX: prefix,
    PAYSENTRY_TOPICS_PARTITIONS: '4',
    PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
  },
})
const wanted = topicSettings(config)
it('creates nothing when it is only tried, then the missing topics, then finds them as they should be', async () => {
  // One topic is there already, smaller and with the wrong clean-up.
  const control = `${prefix}paysentry.control`
  await under.createTopic({ name: control, partitions: 1, config: { 'cleanup.policy': 'delete' } })
  const decisions = `${prefix}payments.decisions`
  await under.createTopic({ name: decisions, partitions: 2, config: { 'retention.ms': '1000' } })

  const tried = await createTopics(under.kafka, wanted, { dryRun: true })
  expect(tried.map(({ state }) => state)).toEqual([
    'missing',
    'missing',
    'exists',
    'missing',
    'missing',
    'exists',
  ])
  expect((await under.admin.listTopics()).filter((topic) => topic.startsWith(prefix)).length).toBe(2)

  const missing = tried.filter(({ state }) => state === 'missing')
  const created = await createTopics(under.kafka, wanted, { dryRun: false })
  for (const { name } of missing) under.own(name)
  expect(created.map(({ state }) => state)).toEqual([
    'created',
    'created',
    'exists',
    'created',
    'created',
    'exists',
  ])

  const there = await describeTopics(under.kafka, wanted)
  expect(there.every(({ state }) => state === 'exists')).toBe(true)
  const differences = Object.fromEntries(there.map((report) => [report.name, report.differences]))
  expect(differences).toEqual({
    [`${prefix}payments.events`]: [],
    [`${prefix}payments.labels`]: [],
    [decisions]: [
      'has 2 partitions, fewer than the 4 of topics.partitions',
      'has retention.ms=1000 where 604800000 is wanted',
    ],
    [`${prefix}payments.alerts`]: [],
    [`${prefix}payments.dead-letters`]: [],
    [control]: [
      'has cleanup.policy=delete where compact is wanted',
      'has segment.ms=604800000 where 3600000 is wanted',
      'has min.cleanable.dirty.ratio=0.5 where 0.1 is wanted',
    ],
  })
  expect(topicTable(there)).toContain(`  ! has cleanup.policy=delete where compact is wanted\n`)
})

it('passes on the broker’s reason when a topic cannot be created', async () => {
  const impossible = wanted.map((topic) => ({ ...topic, name: `${topic.name}-other`, replicationFactor: 9 }))
  const refusal = createTopics(under.kafka, impossible, { dryRun: false })
  await expect(refusal).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    problems: expect.arrayContaining([
      `${prefix}payments.events-other with 4 partitions and 9 replicas: Replication-factor is invalid`,
    ]),
  })
})
