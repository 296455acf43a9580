// Coalesces journals beside the batches, one at a time. Nothing hangs on it but memory: what fails is tried again when the journal
// has grown, and two processors that do it at once are harmless (compare-and-set in the store).
import { coalesce } from './coalesce.ts'
import { FIRST_LABEL_KIND, RECORD_KINDS } from './entity.ts'
import { type Horizons, reachableFrom } from './grid.ts'
import type { Journal } from './journal.ts'
import { BUCKET_BYTES, HEADER_BYTES, RECORD_BYTES } from './journal-codec.ts'
import { readJournal } from './journal-reader.ts'
import type { JournalStore } from './journal-store.ts'
import { collect } from './row-range.ts'
import { oldestMs as oldestRowMs } from './row-tree.ts'
import { keyOf } from './rows.ts'
import { clearTotals, countOf, createTotals } from './totals.ts'

/** Told of every journal that was looked at in the store; `removed` is 0 when there was nothing to gain or somebody else came first. */
export interface CoalescerObserver {
  coalesced(removed: number): void
  failed(error: unknown): void
}

export interface Coalescer {
  /** Looks whether so much of the journal is old that it is worth it, and if so puts it in line. */
  consider(journal: Journal): void
  /** Resolves when nothing is in line any more. */
  idle(): Promise<void>
  /** Forgets what is in line and waits for the one in hand. */
  close(): Promise<void>
}

/** Fewer records are not worth a rewrite. */
const LEAST_RECORDS = 64
const LEAST_SHARE = 1 / 4
/** Of room. */
const RECORDS_A_BUCKET = BUCKET_BYTES / RECORD_BYTES
/** A grid's step is between half a percent and one percent of the age: so many steps, at most, until it has grown e-fold. */
const STEPS_AN_E_FOLD = 200
/** Journals in line; more are looked at again when they have grown. */
const MOST_WAITING = 10_000
const NONE_LATER = new Float64Array(0)
const EVENT_KINDS = Object.values(RECORD_KINDS).filter((kind) => kind < FIRST_LABEL_KIND)

export function createCoalescer(
  store: JournalStore,
  horizons: Horizons,
  observer: CoalescerObserver,
): Coalescer {
  const waiting = new Set<string>()
  const totals = createTotals()
  let work: Promise<void> = Promise.resolve()
  let working = false
  let closed = false

  /** Events of the journal with a time of at most `untilMs`. */
  function eventsUntil(journal: Journal, untilMs: number): number {
    if (untilMs <= 0) return 0
    clearTotals(totals, 0)
    for (const kind of EVENT_KINDS) {
      const range = {
        low: keyOf(kind, 0),
        high: keyOf(kind, untilMs),
        ordinal: Number.POSITIVE_INFINITY,
        later: NONE_LATER,
      }
      collect(journal, range, false, totals)
    }
    return countOf(totals)
  }

  /** How many records' room a rewrite would give back, at the least. */
  function gainOf(journal: Journal): number {
    const { allowedLatenessMs, exactHorizonMs } = horizons
    const lateMs = journal.newestMs - allowedLatenessMs
    const reachableMs = reachableFrom(journal.newestMs, horizons)
    // What no window reaches goes altogether; of the rest, what no exact edge reaches becomes buckets.
    const gone = eventsUntil(journal, reachableMs)
    const joined = eventsUntil(journal, lateMs - exactHorizonMs) - gone
    const oldestMs = Math.max(reachableMs, oldestRowMs(journal))
    const buckets = Math.min(joined, mostBuckets(lateMs - oldestMs, exactHorizonMs))
    return gone + joined - buckets * RECORDS_A_BUCKET
  }

  async function one(key: string): Promise<void> {
    try {
      const generation = store.generation()
      const bytes = await readJournal(store, key)
      if (bytes === null) return
      const found = coalesce(bytes, horizons)
      // After a failover the journal may hold other records under the same header than were read: they must not be replaced.
      const done =
        found !== null &&
        store.generation() === generation &&
        (await store.coalesce(key, bytes.subarray(0, HEADER_BYTES), found.prefixLength, found.replacement))
      observer.coalesced(done ? found.removed : 0)
    } catch (error) {
      observer.failed(error)
    }
  }

  async function run(): Promise<void> {
    for (const key of waiting) {
      if (closed) break
      waiting.delete(key)
      await one(key)
    }
    working = false
  }

  return {
    consider(journal) {
      if (closed || journal.length < journal.coalesceFrom) return
      const gain = gainOf(journal)
      // A part of them at least: so a record is moved a few times in its life, whatever the journal's length.
      const isWorthIt = gain >= LEAST_RECORDS && gain >= journal.records * LEAST_SHARE
      const more = isWorthIt ? LEAST_RECORDS : Math.max(LEAST_RECORDS / 4, journal.records >> 3)
      journal.coalesceFrom = journal.length + more * RECORD_BYTES
      if (!isWorthIt || waiting.size >= MOST_WAITING) return
      waiting.add(journal.key)
      if (working) return
      working = true
      work = run()
    },
    idle: () => work,
    async close() {
      closed = true
      waiting.clear()
      await work
    },
  }
}

/** How many buckets records of one kind may become between the exact horizon and this age. */
function mostBuckets(oldestAgeMs: number, exactHorizonMs: number): number {
  return Math.ceil(STEPS_AN_E_FOLD * Math.log(Math.max(1, oldestAgeMs / Math.max(1, exactHorizonMs))))
}
