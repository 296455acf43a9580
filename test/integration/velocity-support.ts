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
  readonly decided: BatchEvent[]
  readonly retries: () => number
  stop(): Promise<void>
}

/** Writes batch after batch and does each again until it succeeds, as the pipeline's runner does. */
export function startWriter(name: string, store: JournalStore): Writer {
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
  const run = async (): Promise<void> => {
    for (let number = 0; !stopping.signal.aborted; number++) {
      const batch = batchFrom(factsFor(name, number), windows)
      for (let isDone = false; !isDone; ) {
        isDone = await stage(batch).then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error
            retries++
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
  return {
    decided,
    retries: () => retries,
    async stop() {
      stopping.abort()
      await finished
    },
  }
}

/** Resolves when the writer has decided as many events more. */
export async function untilMore(writer: Writer, events: number): Promise<void> {
  const wanted = writer.decided.length + events
  while (writer.decided.length < wanted) await delay(5)
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

/** Every event stands once in each of its journals, nothing else does, and its windows are those of its prefix. */
export async function expectExact(store: JournalStore, events: readonly BatchEvent[]): Promise<void> {
  const journals = await countedJournals(store, events)
  const wanted = events.flatMap(({ event, entities }) =>
    entities.map(({ pseudonym }) => `${pseudonym} ${idOf(pseudonymiser.eventId('', event.id))}`),
  )
  const found = [...journals].flatMap(([key, records]) =>
    records.map(({ id }) => `${key.split(':')[2]} ${id}`),
  )
  expect(found.toSorted()).toEqual(wanted.toSorted())
  for (const event of events) expect(wrongWindow(event, windows, journals)).toBeNull()
}
