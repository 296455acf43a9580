// Records of several partitions in one order: that of their broker timestamps, each partition's own order kept. It is as near to the
// order in which a processor had them as a log can tell.
import type { LogRecord } from './event-log.ts'

export interface TimestampMerge {
  /** Adds records behind those that the partition has in hand. */
  push(partition: string, records: readonly LogRecord[]): void
  /** How many records of the partition are in hand. */
  inHand(partition: string): number
  /**
   * At most `most` records, the earliest first, and none from `ends` (offset by partition) on. Stops where a partition has nothing in
   * hand though it is not at its end (`next`, its offset behind what was pushed): its next record may be earlier than all.
   */
  take(most: number, ends: ReadonlyMap<string, bigint>, next: ReadonlyMap<string, bigint>): LogRecord[]
}

interface Queue {
  records: LogRecord[]
  /** Index of the first record that was not taken. */
  at: number
}

/** From `queue`, up to a timestamp that another partition has. */
interface Run {
  readonly queue: Queue
  readonly end: bigint
  readonly untilMs: number
}

export function createTimestampMerge(): TimestampMerge {
  const queues = new Map<string, Queue>()

  /** The partition with the earliest head, and up to when it stays the earliest; null when nothing can be told. */
  function earliest(ends: ReadonlyMap<string, bigint>, next: ReadonlyMap<string, bigint>): Run | null {
    let best: (Run & { readonly headMs: number }) | null = null
    let untilMs = Number.POSITIVE_INFINITY
    for (const [partition, end] of ends) {
      const queue = queues.get(partition)
      const head = queue === undefined ? null : headOf(queue, end)
      if (queue === undefined || head === null) {
        if ((next.get(partition) ?? 0n) < end) return null
        continue
      }
      const headMs = head.timestampMs
      if (best === null || headMs < best.headMs) {
        untilMs = best?.headMs ?? untilMs
        best = { queue, end, untilMs, headMs }
      } else untilMs = Math.min(untilMs, headMs)
    }
    return best === null ? null : { ...best, untilMs }
  }

  return {
    push(partition, records) {
      const queue = queues.get(partition)
      if (queue === undefined) queues.set(partition, { records: [...records], at: 0 })
      else {
        queue.records = queue.records.slice(queue.at).concat(records)
        queue.at = 0
      }
    },
    inHand(partition) {
      const queue = queues.get(partition)
      return queue === undefined ? 0 : queue.records.length - queue.at
    },
    take(most, ends, next) {
      const taken: LogRecord[] = []
      while (taken.length < most) {
        const run = earliest(ends, next)
        if (run === null) break
        takeRun(run, most, taken)
      }
      return taken
    },
  }
}

function headOf({ records, at }: Queue, end: bigint): LogRecord | null {
  const record = records[at]
  return record === undefined || BigInt(record.offset) >= end ? null : record
}

/** The head always, then what is earlier than all other heads. */
function takeRun({ queue, end, untilMs }: Run, most: number, taken: LogRecord[]): void {
  let head = headOf(queue, end)
  do {
    if (head === null) return
    taken.push(head)
    queue.at++
    head = headOf(queue, end)
  } while (head !== null && head.timestampMs < untilMs && taken.length < most)
}
