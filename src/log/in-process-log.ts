// The event log inside this process: for a start without Kafka, for rule tests and backtests. The same contract as over Kafka:
// partitions, groups, offsets, redelivery. Memory is bounded: what every group has committed is dropped, a topic that nobody
// reads keeps its newest records, and `produce` waits while the readers are behind.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  ConsumeOptions,
  Consumer,
  EventLog,
  FollowOptions,
  LogRecord,
  OutputRecord,
} from './event-log.ts'
import { laneOf, mergeArrivals } from './arrival-merge.ts'
import { startInProcessConsumer } from './in-process-consumer.ts'
import { createGroup, type Group } from './in-process-group.ts'
import { createFollowing } from './in-process-follower.ts'
import { createTopic, type Partition, type Topic } from './in-process-topic.ts'

/** Records after which a producer leaves the event loop to others, about 2 ms of work. */
const RECORDS_PER_TURN = 1_000

export interface InProcessLogOptions {
  /** Partitions of each topic. */
  readonly partitions: number
  /** Records of a topic that a group may be behind before `produce` and `publish` wait for it; 4,000 if absent. */
  readonly maxBehind?: number
  /** Records that a partition keeps for groups without a running consumer; 1,000 if absent. */
  readonly tail?: number
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

export interface InProcessLog extends EventLog {
  /** Appends at once and says where each record stands. Does not wait: whoever calls it looks at `behind` first. */
  append(records: readonly OutputRecord[]): Position[]
  /** Records of the topic that the slowest running group has not committed yet. */
  behind(topic: string): number
}

/** What consumers need of the log. */
export interface InProcessCore {
  readonly now: () => number
  /** Appends; resolves when no running group but `except` is too far behind. */
  publish(records: readonly OutputRecord[], except: Group): Promise<void>
  /** A group committed or lost its last member: drops what is read, lets waiting producers go on. */
  moved(partitions: readonly Partition[]): void
}

export function createInProcessLog(options: InProcessLogOptions): InProcessLog {
  const { now, maxBehind = 4_000, tail = 1_000 } = options
  const topics = new Map<string, Topic>()
  const groups = new Map<string, Group>()
  const consumers = new Set<Consumer>()
  const waiting = new Set<() => void>()
  const following = createFollowing()
  let sinceTurn = 0

  const topicOf = (name: string): Topic => {
    const known = topics.get(name)
    if (known !== undefined) return known
    const topic = createTopic(name, options.partitions)
    topics.set(name, topic)
    return topic
  }
  const behind = (topic: string, except: Group | null): number => {
    let most = 0
    for (const group of groups.values()) {
      if (group === except || !group.hasMembers(topic)) continue
      let open = 0
      for (const { partition, committed } of group.sharesOf(topic)) open += partition.end() - committed
      most = Math.max(most, open)
    }
    return most
  }
  const trim = (partition: Partition): void => {
    let keepFrom = partition.end()
    let read = false
    for (const group of groups.values()) {
      const share = group.sharesOf(partition.topic)[partition.partition]
      if (share === undefined) continue
      read = true
      const floor = group.hasMembers(partition.topic) ? 0 : partition.end() - tail
      keepFrom = Math.min(keepFrom, Math.max(share.committed, floor))
    }
    partition.dropBefore(read ? keepFrom : partition.end() - tail)
  }
  const append = (records: readonly OutputRecord[]): LogRecord[] => {
    const nowMs = now()
    const touched = new Set<string>()
    const appended: LogRecord[] = []
    for (const record of records) {
      appended.push(topicOf(record.topic).append(record, nowMs))
      touched.add(record.topic)
    }
    for (const topic of touched) {
      for (const partition of topicOf(topic).partitions) {
        if (partition.end() - partition.start() > tail) trim(partition)
      }
      for (const group of groups.values()) group.wake(topic)
      following.wake(topic)
    }
    return appended
  }
  const room = async (records: readonly OutputRecord[], except: Group | null): Promise<void> => {
    for (const topic of new Set(records.map((record) => record.topic))) {
      while (behind(topic, except) >= maxBehind) {
        await new Promise<void>((resolve) => void waiting.add(resolve))
      }
    }
  }
  const core: InProcessCore = {
    now,
    async publish(records, except) {
      // A group that publishes to a topic of its own must not wait for itself.
      await room(records, except)
      append(records)
    },
    moved(partitions) {
      for (const partition of partitions) trim(partition)
      for (const resolve of waiting) resolve()
      waiting.clear()
    },
  }
  return {
    kind: 'in-process',
    append,
    behind: (topic) => behind(topic, null),
    async produce(records) {
      await room(records, null)
      append(records)
      sinceTurn += records.length
      if (sinceTurn < RECORDS_PER_TURN) return
      sinceTurn = 0
      await nextTurn()
    },
    async consume(consumeOptions: ConsumeOptions) {
      const group = groups.get(consumeOptions.groupId) ?? createGroup()
      groups.set(consumeOptions.groupId, group)
      const partitions = consumeOptions.topics.flatMap((topic) => topicOf(topic).partitions)
      const consumer = startInProcessConsumer(core, group, partitions, consumeOptions)
      consumers.add(consumer)
      return consumer
    },
    follow: async ({ topic, onRecords }: FollowOptions) =>
      following.start(topic, topicOf(topic).partitions, onRecords),
    async readSpan({ topic, partition, from, to, onRecords }) {
      const store = topicOf(topic).partitions[partition]
      const start = Math.max(Number(from), store?.start() ?? 0)
      const records = store?.read(start, Math.max(0, Number(to) - start)) ?? []
      if (records.length > 0) await onRecords(records)
    },
    async history({ topics: names, sinceMs }) {
      const spans = names.flatMap((name) =>
        topicOf(name).partitions.map((partition) => {
          const records = partition.read(0, Number.POSITIVE_INFINITY)
          const first = records.findIndex(({ timestampMs }) => timestampMs >= sinceMs)
          return { topic: name, records: first < 0 ? [] : records.slice(first) }
        }),
      )
      const within = (chosen: readonly string[]) =>
        chosen.flatMap((name) => spans.filter(({ topic }) => topic === name))
      return {
        size: (chosen) => within(chosen).reduce((sum, { records }) => sum + records.length, 0),
        read: (chosen) => mergeArrivals(within(chosen).map(({ records }) => laneOf(records))),
      }
    },
    async hasCommitted(groupId, names) {
      const shares = names.flatMap((topic) => groups.get(groupId)?.sharesOf(topic) ?? [])
      return shares.some(({ committed }) => committed > 0)
    },
    async close() {
      await following.stopAll()
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
      consumers.clear()
    },
  }
}
