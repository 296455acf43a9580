// Watches the offsets that a group has committed: they may only grow.
import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from './deployment.ts'

const LOOK_EVERY_MS = 200
/** Much longer than a session and every fault: who is behind then has stopped. */
const CAUGHT_UP_WITHIN_MS = 60_000

export interface OffsetWatch {
  /** Resolves when everything that stands in events and labels is committed; with what is not, a sentence each, when it takes too long. */
  untilAllCommitted(): Promise<string[]>
  /** Ends the watch and tells, a sentence each, where an offset went back. */
  stop(): Promise<string[]>
}

export function watchOffsets({ admin, topics, groupId }: Deployment): OffsetWatch {
  const committed = new Map<string, number>()
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
  }
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await look()
      await delay(LOOK_EVERY_MS)
    }
  })()
  return {
    async untilAllCommitted() {
      const ends = await Promise.all(
        read.map(async (topic) =>
          (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
            name: `${topic}/${partition}`,
            end: Number(high),
          })),
        ),
      )
      const behind = (): string[] =>
        ends
          .flat()
          .filter(({ name, end }) => end > 0 && (committed.get(name) ?? -1) < end)
          .map(({ name, end }) => `${name} is committed up to ${committed.get(name) ?? 'nothing'} of ${end}`)
      const giveUpAtMs = performance.now() + CAUGHT_UP_WITHIN_MS
      while (behind().length > 0 && performance.now() < giveUpAtMs) {
        await Promise.race([delay(LOOK_EVERY_MS), watching])
      }
      return behind()
    },
    async stop() {
      stopping.abort()
      await watching
      return problems
    },
  }
}
