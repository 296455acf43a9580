// Watches the offsets that a group has committed: they may only grow.
import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from './deployment.ts'

const LOOK_EVERY_MS = 200
/** Much longer than a session and every fault: who is behind then has stopped. */
const CAUGHT_UP_WITHIN_MS = 180_000

export interface OffsetWatch {
  /** Records that stand in events and labels and are not committed, by the last look; NaN before the first one. */
  lag(): number
  /** Offsets of all partitions together, by the last look. */
  committed(): number
  /** Resolves when everything that stands in events and labels is committed; with what is not, a sentence each, when it takes too long. */
  untilAllCommitted(): Promise<string[]>
  /** Ends the watch and tells, a sentence each, where an offset went back. */
  stop(): Promise<string[]>
}

export function watchOffsets({
  admin,
  topics,
  groupId,
}: Pick<Deployment, 'admin' | 'topics' | 'groupId'>): OffsetWatch {
  const committed = new Map<string, number>()
  const ends = new Map<string, number>()
  const problems: string[] = []
  const stopping = new AbortController()
  const read = [topics.events, topics.labels]
  const look = async (): Promise<void> => {
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: read })) {
      for (const { partition, offset } of partitions) {
        const name = `${topic}/${partition}`
        const before = committed.get(name) ?? -1
        if (Number(offset) < before) problems.push(`${name} went back from ${before} to ${offset}`)
        committed.set(name, Number(offset))
      }
    }
    for (const topic of read) {
      for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
        ends.set(`${topic}/${partition}`, Number(high))
      }
    }
  }
  const behind = () => [...ends].filter(([name, end]) => end > 0 && (committed.get(name) ?? -1) < end)
  const seen = { looks: 0 }
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      // The broker is among what is killed: who watches asks again.
      await look().then(
        () => void seen.looks++,
        () => undefined,
      )
      await delay(LOOK_EVERY_MS)
    }
  })()
  return {
    lag: () =>
      seen.looks === 0
        ? Number.NaN
        : behind().reduce((sum, [name, end]) => sum + end - Math.max(0, committed.get(name) ?? 0), 0),
    committed: () => [...committed.values()].reduce((sum, offset) => sum + Math.max(0, offset), 0),
    async untilAllCommitted() {
      const giveUpAtMs = performance.now() + CAUGHT_UP_WITHIN_MS
      // Two looks more: the first may have begun before the last record was written.
      const from = seen.looks + 2
      while ((seen.looks < from || behind().length > 0) && performance.now() < giveUpAtMs)
        await delay(LOOK_EVERY_MS / 4)
      return behind().map(
        ([name, end]) => `${name} is committed up to ${committed.get(name) ?? 'nothing'} of ${end}`,
      )
    },
    async stop() {
      stopping.abort()
      await watching
      return problems
    },
  }
}
