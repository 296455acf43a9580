// A member of a group of the in-process log. Every batch starts in a turn of the event loop of its own, so that timers, sockets
// and HTTP requests get theirs however fast the batches go.
import { AppError } from '../errors.ts'
import { type ConsumeOptions, type Consumer, type PartitionBatch, REDELIVERY_PAUSE_MS } from './event-log.ts'
import type { Group, Member, Share } from './in-process-group.ts'
import type { InProcessCore } from './in-process-log.ts'
import type { Partition } from './in-process-topic.ts'
import { requireShort } from './note.ts'

/** Joins the group and starts to consume. */
export function startInProcessConsumer(
  core: InProcessCore,
  group: Group,
  partitions: readonly Partition[],
  options: ConsumeOptions,
): Consumer {
  const finished = Promise.withResolvers<void>()
  const idle = Promise.withResolvers<void>()
  const pauses = new Map<NodeJS.Timeout, Share>()
  let stopping = false
  let scheduled = false

  const schedule = (): void => {
    if (scheduled || stopping) return
    scheduled = true
    setImmediate(dispatch)
  }
  const member: Member = { options, paused: new Map(), inHand: 0, wake: schedule }
  let inFlightBytes = 0

  const dispatch = (): void => {
    scheduled = false
    if (stopping || member.inHand >= options.concurrentPartitions) return
    const share = group.next(member)
    if (share === null) return
    member.inHand++
    share.busy = true
    void deliver(share)
    schedule()
  }
  const deliver = async (share: Share): Promise<void> => {
    const before = share.committed
    const limit = options.limit?.(share.note) ?? options.maxBatchRecords
    const batch = inProcessBatch(core, group, share, Math.min(limit, options.maxBatchRecords))
    const bytes = bytesOf(batch.records)
    inFlightBytes += bytes
    try {
      await options.onBatch(batch)
    } catch (error) {
      leave()
      finished.reject(
        new AppError('CONSUMER_STOPPED', `work on a batch of ${name(share)} failed`, { cause: error }),
      )
    }
    inFlightBytes -= bytes
    member.inHand--
    if (share.committed === before && !stopping) hold(share)
    else release(share)
    if (stopping && member.inHand === 0) idle.resolve()
    schedule()
  }
  const release = (share: Share): void => {
    share.busy = false
    share.member?.wake()
  }
  const hold = (share: Share): void => {
    const timer = setTimeout(() => {
      pauses.delete(timer)
      release(share)
    }, REDELIVERY_PAUSE_MS)
    pauses.set(timer, share)
  }
  const leave = (): void => {
    if (stopping) return
    stopping = true
    for (const [timer, share] of pauses) {
      clearTimeout(timer)
      release(share)
    }
    pauses.clear()
    group.leave(member)
    core.moved(partitions)
    if (member.inHand === 0) idle.resolve()
  }

  group.join(member, partitions)
  return {
    isJoined: () => !stopping,
    pause: (topic) => void member.paused.set(topic, new Set()),
    resume(topic, partition) {
      if (partition === undefined) member.paused.delete(topic)
      else member.paused.get(topic)?.add(partition)
      schedule()
    },
    figures() {
      const { assigned, paused } = group.count(member)
      return { assignedPartitions: assigned, pausedPartitions: paused, inFlightBytes }
    },
    finished: finished.promise,
    async stop() {
      leave()
      await idle.promise
      finished.resolve()
    },
  }
}

function inProcessBatch(core: InProcessCore, group: Group, share: Share, max: number): PartitionBatch {
  const { partition } = share
  const records = partition.read(share.committed, max)
  const next = Math.max(share.committed, partition.start()) + records.length
  return {
    topic: partition.topic,
    partition: partition.partition,
    records,
    lag: partition.end() - next,
    arrivedAtMs: core.now(),
    note: share.note,
    isStale: () => false,
    publish: (outputs) => core.publish(outputs, group),
    commit: async (note = '') => {
      requireShort(note)
      if (share.committed > next) return
      share.committed = next
      share.note = note
      core.moved([partition])
    },
    commitNote: async (note) => {
      requireShort(note)
      if (share.committed < next) share.note = note
    },
  }
}

function bytesOf(records: PartitionBatch['records']): number {
  let bytes = 0
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  return bytes
}

function name({ partition }: Share): string {
  return `${partition.topic}/${partition.partition}`
}
