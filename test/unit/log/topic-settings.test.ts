import { expect, it } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { topicSettings } from '../../../src/log/topic-settings.ts'

const settings = (env: Record<string, string> = {}) =>
  Object.fromEntries(topicSettings(loadConfig({ env })).map((topic) => [topic.role, topic]))

it('gives every topic its settings', () => {
  expect(topicSettings(loadConfig({ env: {} }))).toMatchInlineSnapshot(`
    [
      {
        "config": {
          "cleanup.policy": "delete",
          "max.message.bytes": "1048588",
          "message.timestamp.type": "LogAppendTime",
          "min.insync.replicas": "2",
          "retention.ms": "3024000000",
        },
        "name": "payments.events",
        "partitions": 12,
        "replicationFactor": 3,
        "role": "events",
      },
      {
        "config": {
          "cleanup.policy": "delete",
          "max.message.bytes": "1048588",
          "message.timestamp.type": "LogAppendTime",
          "min.insync.replicas": "2",
          "retention.ms": "3024000000",
        },
        "name": "payments.labels",
        "partitions": 12,
        "replicationFactor": 3,
        "role": "labels",
      },
      {
        "config": {
          "cleanup.policy": "delete",
          "min.insync.replicas": "2",
          "retention.ms": "604800000",
        },
        "name": "payments.decisions",
        "partitions": 12,
        "replicationFactor": 3,
        "role": "decisions",
      },
      {
        "config": {
          "cleanup.policy": "delete",
          "min.insync.replicas": "2",
          "retention.ms": "2592000000",
        },
        "name": "payments.alerts",
        "partitions": 12,
        "replicationFactor": 3,
        "role": "alerts",
      },
      {
        "config": {
          "cleanup.policy": "delete",
          "max.message.bytes": "1114124",
          "min.insync.replicas": "2",
          "retention.ms": "3024000000",
        },
        "name": "payments.dead-letters",
        "partitions": 12,
        "replicationFactor": 3,
        "role": "deadLetters",
      },
      {
        "config": {
          "cleanup.policy": "compact",
          "min.cleanable.dirty.ratio": "0.1",
          "min.insync.replicas": "2",
          "segment.ms": "3600000",
        },
        "name": "paysentry.control",
        "partitions": 1,
        "replicationFactor": 3,
        "role": "control",
      },
    ]
  `)
})

it('keeps events and labels as long as journals must be rebuilt from them', () => {
  const { events, labels } = settings({
    PAYSENTRY_VELOCITY_RETENTION_MS: '7200000',
    PAYSENTRY_VELOCITY_EXACT_HORIZON_MS: '3600000',
  })
  expect(events?.config['retention.ms']).toBe('7200000')
  expect(labels?.config['retention.ms']).toBe('7200000')
})

it('takes dead letters that are larger than the largest event, because of their headers', () => {
  for (const limit of ['1024', '16777216']) {
    const { events, deadLetters } = settings({ PAYSENTRY_LIMITS_MAX_MESSAGE_BYTES: limit })
    expect(Number(events?.config['max.message.bytes'])).toBeGreaterThan(Number(limit))
    expect(Number(deadLetters?.config['max.message.bytes'])).toBeGreaterThan(
      Number(events?.config['max.message.bytes']),
    )
  }
})

it('asks for a second replica of a write where there are three', () => {
  expect(
    settings({ PAYSENTRY_TOPICS_REPLICATION_FACTOR: '3' })['events']?.config['min.insync.replicas'],
  ).toBe('2')
  expect(
    settings({ PAYSENTRY_TOPICS_REPLICATION_FACTOR: '2' })['events']?.config['min.insync.replicas'],
  ).toBe('1')
})
