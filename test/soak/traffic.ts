// Simulated traffic without an end, published at a rate or as fast as it goes.
import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog, OutputRecord } from '../../src/log/event-log.ts'
import type { TopicNames } from '../../src/log/topics.ts'
import { createEncoder } from '../../src/simulator/encode.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { publishAll } from '../faults/publish.ts'
import type { Sample } from './samples.ts'

const DAY_MS = 86_400_000
const TICK_MS = 100
/** Every so many messages one is bad. */
export const POISON_EVERY = 500
/** Eight years: what would be later than the broker's clock is rejected, and a soak of two hours takes four of them. */
const BACK_MS = 3_000 * DAY_MS
/** What is taken in so many seconds waits, at the least, while saturation is measured: the processors never run dry. */
const BACKLOG_S = 4
const LEAST_BACKLOG = 2_000
const CHUNK = 500

export interface SoakTraffic {
  /** Publishes until the signal, never letting the processors run dry. */
  asFastAs(last: () => Pick<Sample, 'lag' | 'throughput'>, until: AbortSignal): Promise<void>
  /** Publishes so many records a second until the signal. What an outage held up is published after it. */
  atRate(recordsPerSecond: number, until: AbortSignal): Promise<void>
  /** Publishes so many records, or a few more. */
  publish(count: number): Promise<void>
  /** Records so far. */
  published(): number
}

export function soakTraffic(log: EventLog, topics: TopicNames): SoakTraffic {
  const simulator = createSimulator({
    seed: 7,
    startMs: Date.now() - BACK_MS,
    // So few that a month of theirs, after which journals are as long as they get, has passed before the soak begins.
    customers: 4_000,
    fraudShare: 0.01,
  })
  const encode = createEncoder({ topics, poisonEvery: POISON_EVERY })
  let published = 0
  const publish = async (count: number): Promise<void> => {
    const messages: OutputRecord[] = []
    while (messages.length < count) encode(simulator.next(), messages)
    // Without the simulated time of arrival: these arrive now.
    await publishAll(
      log,
      messages.map(({ topic, key, value }) => ({ topic, key, value })),
    )
    published += messages.length
  }
  return {
    publish,
    published: () => published,
    async asFastAs(last, until) {
      while (!until.aborted) {
        const { lag, throughput } = last()
        if (lag > Math.max(LEAST_BACKLOG, throughput * BACKLOG_S)) await delay(TICK_MS)
        else await publish(CHUNK)
      }
    },
    async atRate(recordsPerSecond, until) {
      const startedAtMs = performance.now()
      const startedWith = published
      while (!until.aborted) {
        const due = ((performance.now() - startedAtMs) / 1_000) * recordsPerSecond - (published - startedWith)
        if (due >= 1) await publish(Math.min(Math.floor(due), CHUNK))
        if (due < CHUNK) await delay(TICK_MS)
      }
    },
  }
}
