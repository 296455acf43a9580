// Records into journals through decode and velocity alone: nothing is scored, judged or published. No window is computed either, so
// rules and model need not be usable.
import { setTimeout as delay } from 'node:timers/promises'
import type { Batch } from '../batch.ts'
import { AppError } from '../errors.ts'
import { detachedBatches } from '../log/detached-batch.ts'
import type { LogRecord, PartitionBatch } from '../log/event-log.ts'

export interface JournalingCounts {
  events: number
  labels: number
  /** Messages that became dead letters, or would have. */
  rejected: number
  /** Events that came too late for a journal, or found it full, by what their decisions say: `late:card`. */
  readonly left: Map<string, number>
  /** Calls to Redis that were made again. */
  retries: number
}

export interface JournalingOptions {
  readonly decode: (source: PartitionBatch) => Batch
  readonly velocity: (batch: Batch) => Promise<Batch>
  readonly signal: AbortSignal
}

export interface Journaling {
  /** Journals the records in their order. A Redis that is away is waited for. */
  add(records: readonly LogRecord[]): Promise<void>
  readonly counts: JournalingCounts
}

const BATCH_RECORDS = 256
const PAUSE_MS = 500
/** A minute of tries; then whoever started it has to look. */
const MOST_TRIES = 120

export function createJournaling({ decode, velocity, signal }: JournalingOptions): Journaling {
  const counts: JournalingCounts = { events: 0, labels: 0, rejected: 0, left: new Map(), retries: 0 }

  async function journal(source: PartitionBatch): Promise<void> {
    const batch = decode(source)
    for (let tries = 1; ; tries++) {
      signal.throwIfAborted()
      try {
        await velocity(batch)
        break
      } catch (error) {
        const isAway = error instanceof AppError && error.disposition === 'degrade'
        if (!isAway || tries === MOST_TRIES) throw error
        counts.retries++
        await delay(PAUSE_MS, undefined, { signal })
      }
    }
    counts.events += batch.events.length
    counts.labels += batch.labels.length
    counts.rejected += batch.rejected.length
    for (const { degraded } of batch.events) {
      for (const what of degraded) {
        if (/^(?:late|full):/.test(what)) counts.left.set(what, (counts.left.get(what) ?? 0) + 1)
      }
    }
  }

  return {
    counts,
    async add(records) {
      for (const batch of detachedBatches(records, BATCH_RECORDS)) await journal(batch)
    },
  }
}
