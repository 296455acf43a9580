// Writers that never give up, and what must hold in the end: every event once in each of its journals, with exact windows.
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { BatchEvent } from '../../src/batch.ts'
import { AppError } from '../../src/errors.ts'
import { createRandom } from '../../src/simulator/random.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { countedRecords, idOf, type RawRecord, rawRecords } from '../unit/velocity/oracle.ts'
import {
  allWindows,
  batchFrom,
  type Fact,
  keysOf,
  pseudonymiser,
  WIDE,
  wrongWindow,
} from '../unit/velocity/traffic.ts'

const windows = allWindows(['card', 'merchant'], [1_000, 3_600_000], ['payment'])
const CARDS = 40
const BATCH_EVENTS = 8

function factsFor(writer: string, batch: number): Fact[] {
  const random = createRandom(batch, writer.charCodeAt(0))
  return Array.from({ length: BATCH_EVENTS }, (_, i) => ({
    id: `${writer}-${batch}-${i}`,
    entities: [`card:${random.int(CARDS)}`, `merchant:${random.int(3)}`],
    atMs: random.int(60_000),
    amount: random.int(10_000),
  }))
}

export interface Writer {
  /** In the order in which they were journaled. */
  readonly decided: BatchEvent[]
  readonly retries: () => number
  /** What made it try again last. */
  readonly lastError: () => unknown
  /** Rejects when it ended by itself. */
  readonly broken: Promise<void>
  stop(): Promise<void>
}

/**
 * Writes batch after batch and does each again until it succeeds, as the pipeline's runner does. `onBatch` is told of a batch before it
 * is written, as a log would have it first.
 */
export function startWriter(
  name: string,
  store: JournalStore,
  onBatch: (facts: readonly Fact[]) => void = () => undefined,
): Writer {
  const stage = createVelocityStage({
    store,
    windows,
    pseudonymiser,
    horizons: WIDE,
    cacheBytes: 4_000_000,
    minorPerMajor: 100,
  })
  const decided: BatchEvent[] = []
  const stopping = new AbortController()
  let retries = 0
  let lastError: unknown = null
  const run = async (): Promise<void> => {
    for (let number = 0; !stopping.signal.aborted; number++) {
      const facts = factsFor(name, number)
      onBatch(facts)
      const batch = batchFrom(facts, windows)
      for (let isDone = false; !isDone; ) {
        isDone = await stage(batch).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error
            retries++
            lastError = error
            return false
          },
        )
        // The runner pauses before each new try.
        if (!isDone) await delay(20)
      }
      decided.push(...batch.events)
    }
  }
  const finished = run()
  const broken = Promise.withResolvers<void>()
  broken.promise.catch(() => undefined)
  finished.catch(broken.reject)
  return {
    decided,
    retries: () => retries,
    lastError: () => lastError,
    broken: broken.promise,
    async stop() {
      stopping.abort()
      await finished
    },
  }
}

const MORE_WITHIN_MS = 60_000

/** Resolves when the writer has decided as many events more. Throws what stops it, or what keeps it waiting. */
export async function untilMore(writer: Writer, events: number): Promise<void> {
  const wanted = writer.decided.length + events
  const deadline = performance.now() + MORE_WITHIN_MS
  while (writer.decided.length < wanted) {
    await Promise.race([delay(5), writer.broken])
    if (performance.now() < deadline) continue
    throw new Error(`a writer stands still after ${writer.retries()} retries`, { cause: writer.lastError() })
  }
}

async function countedJournals(
  store: JournalStore,
  events: readonly BatchEvent[],
): Promise<Map<string, RawRecord[]>> {
  const journals = new Map<string, RawRecord[]>()
  for (const key of keysOf(events)) {
    const bytes = await readJournal(store, key)
    journals.set(key, bytes === null ? [] : countedRecords(rawRecords(bytes), WIDE))
  }
  return journals
}

/**
 * Every event stands once in each of its journals, nothing else does, and the windows of all of them (or of `exact`) are those of
 * their prefixes.
 */
export async function expectExact(
  store: JournalStore,
  events: readonly BatchEvent[],
  exact: readonly BatchEvent[] = events,
): Promise<void> {
  const journals = await countedJournals(store, events)
  const wanted = events.flatMap(({ event, entities }) =>
    entities.map(({ pseudonym }) => `${pseudonym} ${idOf(pseudonymiser.eventId('', event.id))}`),
  )
  const found = [...journals].flatMap(([key, records]) =>
    records.map(({ id }) => `${key.split(':')[2]} ${id}`),
  )
  expect(found.toSorted()).toEqual(wanted.toSorted())
  for (const event of exact) expect(wrongWindow(event, windows, journals)).toBeNull()
}

/** Ends the writers and looks at everything they wrote. Each must have met with what the test did to Redis. */
export async function stopAndExpectExact(writers: readonly Writer[], store: JournalStore): Promise<void> {
  await Promise.all(writers.map((writer) => writer.stop()))
  for (const writer of writers) expect(writer.retries()).toBeGreaterThan(0)
  await expectExact(
    store,
    writers.flatMap(({ decided }) => decided),
  )
}
