// Events before labels: lets the labels give way while events wait too long (overload.ts says when and how far), by pausing
// their topic and giving one of its partitions after the other a turn of one batch. Events are never paused, reordered or left
// out: one that has waited beyond its deadline is decided all the same, and its decision says so in a header.
import { isTurn, type Load, type Marks, nextLoad, NO_LOAD } from './overload.ts'
import type { Assignment, Consumer, PartitionBatch } from './log/event-log.ts'

/** How often the load is looked at besides the batches. */
const LOOK_EVERY_MS = 100
/** A partition that had no batch for this long has nothing that waits. */
const READING_EXPIRES_MS = 5_000
/** A turn that is not taken within this time passes to the next partition: it has no labels. A fetch takes up to 500 ms. */
const TURN_EXPIRES_MS = 1_000

export interface PriorityOptions {
  readonly topics: { readonly events: string; readonly labels: string }
  readonly marks: Marks
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Told when labels begin to give way and when they no longer do. */
  readonly onChange: (isOverloaded: boolean) => void
  /** Told when events begin to wait too long and when they no longer do; labels give way for longer than that. */
  readonly onLate: (isLate: boolean) => void
}

export interface Priority {
  /** What the consumer does with its batches, told of each one's begin and end. */
  around(run: (batch: PartitionBatch) => Promise<void>): (batch: PartitionBatch) => Promise<void>
  /** To be told which partitions the consumer has. */
  onAssigned(assigned: Assignment): void
  /** Begins to look; before, nothing is paused. */
  start(consumer: Pick<Consumer, 'pause' | 'resume'>): void
  level(): number
  close(): void
}

interface Waiting {
  readonly waitMs: number
  readonly atMs: number
  readonly isInHand: boolean
}

interface Turn {
  /** The partition that has it; null between two turns. */
  partition: number | null
  /** When it began, or the one before ended. */
  atMs: number
  /** Batches of events since then. */
  eventBatches: number
}

export function createPriority({ topics, marks, now, onChange, onLate }: PriorityOptions): Priority {
  const waiting = new Map<number, Waiting>()
  const labels = createLabelTurns()
  const turn: Turn = { partition: null, atMs: 0, eventBatches: 0 }
  let load: Load = NO_LOAD
  let isLate = false
  let consumer: Pick<Consumer, 'pause' | 'resume'> | null = null
  let timer: NodeJS.Timeout | undefined

  const endTurn = (): void => {
    consumer?.pause(topics.labels)
    Object.assign(turn, { partition: null, atMs: now(), eventBatches: 0 })
  }
  const giveTurns = (): void => {
    if (load.level === 0) return
    const passedMs = now() - turn.atMs
    if (turn.partition !== null) {
      if (passedMs < TURN_EXPIRES_MS) return
      labels.know(turn.partition, false)
      endTurn()
    } else if (isTurn(load, turn.eventBatches, passedMs)) {
      turn.partition = labels.next()
      turn.atMs = now()
      if (turn.partition !== null) consumer?.resume(topics.labels, turn.partition)
    }
  }
  const look = (): void => {
    if (consumer === null) return
    const before = load.level
    const nowMs = now()
    const waitMs = longestWait(waiting, nowMs)
    if (waitMs >= marks.highWaitMs !== isLate) {
      isLate = !isLate
      onLate(isLate)
    }
    load = nextLoad(load, { waitMs, labelsWait: labels.wait(), nowMs }, marks)
    if (before === 0 && load.level > 0) {
      labels.forget()
      endTurn()
      onChange(true)
    } else if (before > 0 && load.level === 0) {
      consumer.resume(topics.labels)
      onChange(false)
    }
    giveTurns()
  }
  const begin = ({ topic, partition, records, lag }: PartitionBatch): void => {
    if (topic === topics.labels) {
      labels.know(partition, lag > 0)
      if (load.level > 0) consumer?.pause(topics.labels)
      return
    }
    const atMs = now()
    waiting.set(partition, { waitMs: atMs - (records[0]?.timestampMs ?? atMs), atMs, isInHand: true })
    look()
  }
  const end = ({ topic, partition, lag }: PartitionBatch): void => {
    if (topic === topics.labels) {
      if (load.level > 0) endTurn()
      return
    }
    turn.eventBatches++
    const known = waiting.get(partition)
    if (lag === 0 || known === undefined) waiting.delete(partition)
    else waiting.set(partition, { ...known, atMs: now(), isInHand: false })
    look()
  }
  return {
    around: (run) => async (batch) => {
      begin(batch)
      try {
        await run(batch)
      } finally {
        end(batch)
      }
    },
    onAssigned(assigned) {
      waiting.clear()
      labels.assign(assigned[topics.labels] ?? [])
      if (load.level > 0) endTurn()
    },
    start(started) {
      consumer = started
      timer = setInterval(look, LOOK_EVERY_MS)
    },
    level: () => load.level,
    close: () => clearInterval(timer),
  }
}

/** 0 when nothing waits. */
function longestWait(waiting: ReadonlyMap<number, Waiting>, nowMs: number): number {
  let longest = 0
  for (const { waitMs, atMs, isInHand } of waiting.values()) {
    if (isInHand || nowMs - atMs < READING_EXPIRES_MS) longest = Math.max(longest, waitMs)
  }
  return longest
}

/** Which partition of labels is next, and whether labels wait: a partition that was not heard of may have some. */
function createLabelTurns() {
  const known = new Map<number, boolean>()
  let partitions: readonly number[] = []
  let last = -1
  return {
    assign(assigned: readonly number[]) {
      partitions = assigned
      known.clear()
    },
    forget: () => known.clear(),
    know: (partition: number, hasMore: boolean) => void known.set(partition, hasMore),
    wait: () => partitions.some((partition) => known.get(partition) !== false),
    next(): number | null {
      last = (last + 1) % Math.max(1, partitions.length)
      return partitions[last] ?? null
    },
  }
}
