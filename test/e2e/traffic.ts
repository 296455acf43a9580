// Simulated traffic as messages, made before anything is published, so that a test knows what must come out.
import type { OutputRecord } from '../../src/log/event-log.ts'
import type { TopicNames } from '../../src/log/topics.ts'
import { createEncoder } from '../../src/simulator/encode.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'

export interface Traffic {
  /** In the order of arrival, bad messages included. */
  readonly messages: readonly OutputRecord[]
  /** Messages of the events that must be decided. */
  readonly events: readonly OutputRecord[]
  readonly eventIds: ReadonlySet<string>
  readonly labels: number
  readonly poisons: number
}

const DAY_MS = 86_400_000

/** Traffic of `events` events, their labels, and a bad message in every `poisonEvery`. It ends before now. */
export function simulatedTraffic(events: number, topics: TopicNames, poisonEvery: number): Traffic {
  // Few people and much fraud, so that there are journals with many records, and labels.
  const simulator = createSimulator({
    seed: 11,
    startMs: Date.now() - 30 * DAY_MS,
    customers: 1_500,
    fraudShare: 0.02,
  })
  const encode = createEncoder({ topics, poisonEvery })
  const messages: OutputRecord[] = []
  const decidable: OutputRecord[] = []
  const eventIds = new Set<string>()
  let labels = 0
  while (eventIds.size < events) {
    const record = simulator.next()
    encode(record, messages)
    if (record.kind === 'label') {
      labels++
      continue
    }
    eventIds.add(record.event.id)
    const message = messages.at(-1)
    if (message !== undefined) decidable.push(message)
  }
  const poisons = messages.length - decidable.length - labels
  return {
    messages: messages.map(({ topic, key, value }) => ({ topic, key, value })),
    events: decidable,
    eventIds,
    labels,
    poisons,
  }
}
