// Consumer groups of the in-process log: which member works on which partition, and how far the group has come.
// A partition changes hands between two batches, never in the middle of one, so no batch goes stale.
import type { Assignment, ConsumeOptions } from './event-log.ts'
import type { Partition } from './in-process-topic.ts'

/** A partition as one group sees it. */
export interface Share {
  readonly partition: Partition
  /** Offset behind the last committed record. */
  committed: number
  /** What was committed with that offset. */
  note: string
  /** A batch of it is in hand. */
  busy: boolean
  member: Member | null
}

export interface Member {
  readonly options: ConsumeOptions
  /** Topics of which it takes no batch for now, but of these partitions. */
  readonly paused: Map<string, Set<number>>
  inHand: number
  /** Called when there may be something to do. */
  readonly wake: () => void
}

export interface Group {
  /** Its partitions of a topic; none if no member ever subscribed to it. */
  sharesOf(topic: string): readonly Share[]
  join(member: Member, partitions: readonly Partition[]): void
  leave(member: Member): void
  hasMembers(topic: string): boolean
  /** A share of the member that has records, no batch in hand and is not paused; the partitions take turns. */
  next(member: Member): Share | null
  /** How many partitions the member has, all of them and paused ones. */
  count(member: Member): { readonly assigned: number; readonly paused: number }
  wake(topic: string): void
}

export function createGroup(): Group {
  const shares: Share[] = []
  const byTopic = new Map<string, Share[]>()
  const members: Member[] = []
  let turn = 0

  const assign = (): void => {
    shares.forEach((share, index) => {
      const readers = members.filter(({ options }) => options.topics.includes(share.partition.topic))
      share.member = readers[index % readers.length] ?? null
    })
    for (const member of members) {
      member.options.observer?.onAssigned(assignmentOf(member), 0)
      member.wake()
    }
  }
  const assignmentOf = (member: Member): Assignment => {
    const own: Record<string, number[]> = {}
    for (const { member: owner, partition } of shares) {
      if (owner === member) (own[partition.topic] ??= []).push(partition.partition)
    }
    return own
  }
  const add = (partition: Partition, from: ConsumeOptions['from']): void => {
    const known = byTopic.get(partition.topic) ?? []
    if (known.some((share) => share.partition === partition)) return
    const committed = from === 'earliest' ? partition.start() : partition.end()
    const share: Share = { partition, committed, note: '', busy: false, member: null }
    shares.push(share)
    byTopic.set(partition.topic, [...known, share])
  }

  return {
    sharesOf: (topic) => byTopic.get(topic) ?? [],
    join(member, partitions) {
      for (const partition of partitions) add(partition, member.options.from)
      members.push(member)
      assign()
    },
    leave(member) {
      const index = members.indexOf(member)
      if (index === -1) return
      members.splice(index, 1)
      assign()
    },
    hasMembers: (topic) => members.some(({ options }) => options.topics.includes(topic)),
    next(member) {
      for (let i = 0; i < shares.length; i++) {
        turn = (turn + 1) % shares.length
        const share = shares[turn]
        if (share?.member !== member || share.busy || isPaused(member, share)) continue
        if (share.committed < share.partition.end()) return share
      }
      return null
    },
    count(member) {
      const own = shares.filter((share) => share.member === member)
      return { assigned: own.length, paused: own.filter((share) => isPaused(member, share)).length }
    },
    wake(topic) {
      for (const member of members) if (member.options.topics.includes(topic)) member.wake()
    },
  }
}

function isPaused({ paused }: Member, { partition: { topic, partition } }: Share): boolean {
  return paused.get(topic)?.has(partition) === false
}
