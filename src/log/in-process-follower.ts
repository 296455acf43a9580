// Followers of the in-process log: each reads a whole topic and is handed what is appended at once.
import { AppError } from '../errors.ts'
import type { Follower, LogRecord } from './event-log.ts'
import type { Partition } from './in-process-topic.ts'

export interface Following {
  /** Hands over what the partitions hold, then whatever `wake` finds. */
  start(
    topic: string,
    partitions: readonly Partition[],
    onRecords: (records: readonly LogRecord[]) => void,
  ): Follower
  /** To be called after something was appended to the topic. */
  wake(topic: string): void
  stopAll(): Promise<void>
}

export function createFollowing(): Following {
  const active = new Map<Follower, { readonly topic: string; readonly read: () => void }>()
  return {
    start(topic, partitions, onRecords) {
      const finished = Promise.withResolvers<void>()
      finished.promise.catch(() => undefined)
      const next = new Map<Partition, number>()
      const follower: Follower = {
        finished: finished.promise,
        async stop() {
          active.delete(follower)
          finished.resolve()
        },
      }
      const read = (): void => {
        for (const partition of partitions) {
          const records = partition.read(next.get(partition) ?? 0, Number.POSITIVE_INFINITY)
          next.set(partition, partition.end())
          if (records.length > 0) onRecords(records)
        }
      }
      const guarded = (): void => {
        try {
          read()
        } catch (error) {
          active.delete(follower)
          const doing = `reading the whole of ${topic} failed`
          finished.reject(new AppError('CONSUMER_STOPPED', doing, { cause: error }))
        }
      }
      active.set(follower, { topic, read: guarded })
      guarded()
      return follower
    },
    wake(topic) {
      for (const entry of active.values()) if (entry.topic === topic) entry.read()
    },
    async stopAll() {
      await Promise.all([...active.keys()].map((follower) => follower.stop()))
    },
  }
}
