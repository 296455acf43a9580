// What each topic is like: partitions, retention, clean-up, largest message. `topics create` makes them so.
import type { Config } from '../config.ts'
import { TOPICS, topicNames, type TopicRole } from './topics.ts'

const DAY_MS = 86_400_000
/** What a record carries besides its message: offsets, headers, the reasons on a dead letter. */
const MESSAGE_OVERHEAD_BYTES = 65_536
const KAFKA_DEFAULT_MAX_MESSAGE_BYTES = 1_048_588

export interface TopicSettings {
  readonly role: TopicRole
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  /** Topic configuration of Kafka by its names. */
  readonly config: Readonly<Record<string, string>>
}

/** Settings of all topics, in the order of topics.ts. */
export function topicSettings(config: Config): TopicSettings[] {
  const names = topicNames(config.topics.prefix)
  const { partitions, replicationFactor } = config.topics
  const roles: TopicRole[] = Object.keys(TOPICS).filter((role): role is TopicRole => role in TOPICS)
  return roles.map((role) => ({
    role,
    name: names[role],
    // Activations take effect in the order in which they were made, so they have one partition.
    partitions: role === 'control' ? 1 : partitions,
    replicationFactor,
    config: { 'min.insync.replicas': replicationFactor >= 3 ? '2' : '1', ...configOf(role, config) },
  }))
}

function configOf(role: TopicRole, config: Config): Record<string, string> {
  // A message above Kafka's default size must get in as far as the broker takes it, to be rejected with a reason.
  const inputBytes = Math.max(
    KAFKA_DEFAULT_MAX_MESSAGE_BYTES,
    config.limits.maxMessageBytes + MESSAGE_OVERHEAD_BYTES,
  )
  const input = {
    'cleanup.policy': 'delete',
    // Journals can be rebuilt from the topic as far back as it goes.
    'retention.ms': String(config.velocity.retentionMs),
    'max.message.bytes': String(inputBytes),
    // The time of the broker, not of a publisher whose clock may be wrong: it is what events from the future are held against.
    'message.timestamp.type': 'LogAppendTime',
  }
  switch (role) {
    case 'events':
    case 'labels':
      return input
    case 'decisions':
      return { 'cleanup.policy': 'delete', 'retention.ms': String(7 * DAY_MS) }
    case 'alerts':
      return { 'cleanup.policy': 'delete', 'retention.ms': String(30 * DAY_MS) }
    case 'deadLetters':
      return {
        'cleanup.policy': 'delete',
        'retention.ms': String(config.velocity.retentionMs),
        'max.message.bytes': String(inputBytes + MESSAGE_OVERHEAD_BYTES),
      }
    case 'control':
      // What processors count for the breaker is rewritten each second: compacted early, or a start would read days of it.
      return { 'cleanup.policy': 'compact', 'segment.ms': '3600000', 'min.cleanable.dirty.ratio': '0.1' }
  }
}
