// Journals what was decided without journals: reads it from the log again, through decode and velocity alone.
//
// What is missing is one span of offsets for each partition. It stands in the note of the partition's offset (partition-note.ts)
// from the very commit of the first such batch on, so that it survives a crash and finds the next owner. A span may cover
// events that were journaled: journaling is idempotent. Until it is empty, decisions of its partition say `journals:incomplete`.
import { AppError, toAppError } from './errors.ts'
import type { EventLog, LogRecord } from './log/event-log.ts'
import { pause } from './pause.ts'

const PAUSE_MS = 1_000
/** Records that are journaled in one call. */
const CHUNK = 256

/** Offsets, the end not included. */
export interface Span {
  readonly from: bigint
  readonly to: bigint
}

export interface RepairOptions {
  readonly readSpan: EventLog['readSpan']
  /** Journals records of one partition, in order. Throws STORE_UNAVAILABLE. */
  readonly journal: (records: readonly LogRecord[]) => Promise<void>
  /** Resolves when the journals answer. */
  readonly back: () => Promise<void>
  /** How long a chunk waits at most while events wait too long, milliseconds. */
  readonly giveWayMs: number
  /** Told when a try failed; the next comes after a pause. */
  readonly onRetry: (error: AppError) => void
  readonly onFatal: (error: AppError) => void
  readonly onRepaired: (topic: string, partition: number) => void
}

export interface Repair {
  /** Says that the span is not, or perhaps not, in the journals. */
  add(topic: string, partition: number, span: Span): void
  /** What of the partition is not in the journals yet. */
  missing(topic: string, partition: number): Span | null
  /** Offsets that are left, over all partitions. */
  left(): number
  /** Says whether events wait too long. As long as they do the repair is slow: it must not be what they wait for. */
  giveWay(isLate: boolean): void
  /** Resolves when the chunk in hand is done. What is left stands in the notes. */
  close(): Promise<void>
}

interface Part {
  readonly topic: string
  readonly partition: number
  span: Span
}

export function createRepair(options: RepairOptions): Repair {
  const parts = new Map<string, Part>()
  const closing = new AbortController()
  const state: { running: Promise<void> | null } = { running: null }
  /** Null unless events wait too long; then it resolves when they no longer do. */
  let calm: PromiseWithResolvers<void> | null = null

  const repairPart = async (part: Part): Promise<void> => {
    const { topic, partition } = part
    const { to } = part.span
    await options.readSpan({
      topic,
      partition,
      ...part.span,
      async onRecords(records) {
        for (let at = 0; at < records.length; at += CHUNK) {
          if (calm !== null) await Promise.race([calm.promise, pause(options.giveWayMs, closing.signal)])
          // Thrown, so that the rest of the span is not read for nothing.
          if (closing.signal.aborted) throw new AppError('LOG_UNAVAILABLE', 'the repair is being stopped')
          const chunk = records.slice(at, at + CHUNK)
          await options.journal(chunk)
          const from = BigInt(chunk.at(-1)?.offset ?? -1) + 1n
          part.span = { from, to: part.span.to }
        }
      },
    })
    if (part.span.to > to) {
      part.span = { from: to, to: part.span.to }
      return
    }
    parts.delete(nameOf(topic, partition))
    options.onRepaired(topic, partition)
  }
  const run = async (): Promise<void> => {
    while (parts.size > 0 && !closing.signal.aborted) {
      try {
        await options.back()
        const [part] = parts.values()
        if (part !== undefined && !closing.signal.aborted) await repairPart(part)
      } catch (thrown) {
        if (closing.signal.aborted) break
        const error = toAppError(thrown)
        if (error.disposition !== 'degrade' && error.disposition !== 'retry') {
          options.onFatal(error)
          return
        }
        options.onRetry(error)
        await pause(PAUSE_MS, closing.signal)
      }
    }
    state.running = null
  }
  return {
    add(topic, partition, span) {
      const name = nameOf(topic, partition)
      const known = parts.get(name)
      if (known === undefined) parts.set(name, { topic, partition, span })
      else known.span = covering(known.span, span)
      state.running ??= run()
    },
    missing: (topic, partition) => parts.get(nameOf(topic, partition))?.span ?? null,
    left() {
      let sum = 0n
      for (const { span } of parts.values()) sum += span.to - span.from
      return Number(sum)
    },
    giveWay(isLate) {
      if (isLate) {
        calm ??= Promise.withResolvers<void>()
        return
      }
      calm?.resolve()
      calm = null
    },
    async close() {
      closing.abort()
      await state.running
    },
  }
}

function covering(a: Span, b: Span): Span {
  return { from: a.from < b.from ? a.from : b.from, to: a.to > b.to ? a.to : b.to }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
