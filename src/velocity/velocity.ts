// The velocity stage: journals every event and label of a batch and computes the windows of each event.
//
// Guarantees:
// - An event's windows are a pure function of each journal up to the event's first record in it. Batch sizes, the cache, other
//   writers, redeliveries and coalescing change nothing about them.
// - An event or label counts once in a journal however often it is appended, because the first record with an id is the one
//   that counts. So a call that failed, maybe after it was carried out, is simply made again with its batch.
// - An event that comes too late for a journal has that entity's empty windows, says so, and counts in no window.
// - The cache changes only when a reply has come; a failed call leaves it as it was.
// Several batches may be in flight at once, and replies may come in any order.
import type { Batch } from '../batch.ts'
import { AppError } from '../errors.ts'
import {
  createAppendPlanner,
  type JournalGroup,
  type PlannedRecord,
  releasePlan,
  subjectsOf,
} from './append-plan.ts'
import { type Coalescer, type CoalescerObserver, createCoalescer } from './coalescer.ts'
import type { Horizons } from './grid.ts'
import { foldBytes } from './fold-bytes.ts'
import { createJournal, findOwn, foldRecord, isLate, type Journal, LATE, type Own } from './journal.ts'
import { createJournalCache, type JournalCacheFigures } from './journal-cache.ts'
import { isJournal, RECORD_BYTES, readPosition, readTimeMs } from './journal-codec.ts'
import type { AppendReply, JournalStore } from './journal-store.ts'
import { createLongReader } from './long-journals.ts'
import type { Pseudonymiser } from './pseudonym.ts'
import type { WindowSet } from './window.ts'
import { planWindows } from './window-plan.ts'
import { createWindowComputer } from './window-values.ts'

export interface VelocityOptions {
  readonly store: JournalStore
  /** Every slot is computed for every event. */
  readonly windows: WindowSet
  readonly pseudonymiser: Pseudonymiser
  readonly horizons: Horizons
  /** Memory for cached journals; those of the batches in flight come on top. */
  readonly cacheBytes: number
  /** Minor units in a major unit of the base currency. */
  readonly minorPerMajor: number
  readonly observer?: CoalescerObserver
}

export interface VelocityStage {
  /** Fills `windows` of every event and returns the same batch. Throws STORE_UNAVAILABLE or STORE_INCOMPATIBLE. */
  (batch: Batch): Promise<Batch>
  readonly cacheFigures: () => JournalCacheFigures
  readonly coalescer: Coalescer
}

const UNOBSERVED: CoalescerObserver = { coalesced: () => undefined, failed: () => undefined }

/** Throws RangeError for a window that no journal can answer. */
export function createVelocityStage(options: VelocityOptions): VelocityStage {
  const { store, windows, pseudonymiser, horizons } = options
  windows.freeze()
  const empty = emptyWindows(windows)
  const plans = planWindows(windows, horizons)
  const cache = createJournalCache(options.cacheBytes)
  const compute = createWindowComputer({ ...horizons, minorPerMajor: options.minorPerMajor })
  const coalescer = createCoalescer(store, horizons, options.observer ?? UNOBSERVED)
  const readLong = createLongReader({ store, cache, begin: newJournal })
  const own: Own = { ordinal: 0, timeMs: 0, position: 0 }

  function newJournal(group: JournalGroup, bytes: Uint8Array): Journal {
    const { key, generation, entity } = group
    if (!isJournal(bytes)) throw unreadable(key)
    const { slots } = plans[entity.type]
    const { allowedLatenessMs } = horizons
    return createJournal({ key, generation, slots, allowedLatenessMs, arena: cache.arena }, bytes)
  }

  /** The folded journal that the reply continues. */
  function journalOf(group: JournalGroup, reply: AppendReply): Journal {
    if (reply.kind === 'foreign') {
      if (group.cached === null) throw new Error(`a part of journal ${group.key}, of which nothing was known`)
      if (reply.bytes.length % RECORD_BYTES !== 0) throw unreadable(group.key)
      return group.cached
    }
    const journal = newJournal(group, reply.bytes)
    // Another batch may have read the same journal meanwhile, and further. What this one knew, the store has just disowned.
    const current = cache.get(group.entity.pseudonym)
    const isSame = current?.generation === group.generation && current.header === journal.header
    if (!isSame || group.knownHeader === journal.header) return journal
    cache.discard(journal)
    return current
  }

  function settleLate(
    { subject }: PlannedRecord,
    type: JournalGroup['entity']['type'],
    why: 'late' | 'full',
  ): void {
    const { event } = subject
    const what = `${why}:${type}`
    if (event !== null && !event.degraded.includes(what)) event.degraded.push(what)
  }

  /** Folds the group's record that stands at `at` as it was sent, and computes its windows, if it is the one that counts. */
  function foldAndSettle(group: JournalGroup, record: PlannedRecord, journal: Journal, at: number): void {
    const { records, entity } = group
    const ordinal = foldRecord(journal, records, at)
    if (ordinal < 0 && ordinal !== LATE) return
    record.settled = true
    const { event } = record.subject
    if (event === null) return
    if (ordinal === LATE) return settleLate(record, entity.type, 'late')
    own.ordinal = ordinal
    own.timeMs = readTimeMs(records, at)
    own.position = readPosition(records, at)
    compute(journal, own, plans[entity.type].ranges, event.windows)
  }

  /** Settles what the journal already knows of: an event that stands there, or one for which it is too far on. */
  function settleKnown({ entity, planned }: JournalGroup, journal: Journal): void {
    for (const record of planned) {
      if (record.settled) continue
      const { event, id, timeMs } = record.subject
      if (event === null) {
        // A label stands there once it was sent, or another one with its id was, whether it counts or not.
        record.settled = true
      } else if (findOwn(journal, id.low, id.high, own)) {
        record.settled = true
        compute(journal, own, plans[entity.type].ranges, event.windows)
      } else if (isLate(journal, timeMs)) {
        record.settled = true
        settleLate(record, entity.type, 'late')
      }
    }
  }

  /** Folds what the store said and what it appended, and computes windows as soon as a record has been folded. */
  function fold(group: JournalGroup, reply: AppendReply): void {
    const journal = journalOf(group, reply)
    const start = reply.kind === 'whole' ? 0 : group.knownLength
    // There may be records of this batch among them, which an earlier call appended.
    if (reply.bytes.length > 0) foldBytes(journal, start, reply.bytes)
    foldOwn(group, journal, start + reply.bytes.length)
    settleKnown(group, journal)
    coalescer.consider(journal)
    cache.put(group.entity.pseudonym, journal)
  }

  /** The group's own records stand at `start` in the stored journal. */
  function foldOwn(group: JournalGroup, journal: Journal, start: number): void {
    let at = group.from
    for (const record of group.planned) {
      if (!record.sent) continue
      // Another batch may have read, and folded, as far as here meanwhile.
      if (start + at - group.from >= journal.length) foldAndSettle(group, record, journal, at)
      at += RECORD_BYTES
    }
  }

  async function finishLong(groups: readonly JournalGroup[]): Promise<void> {
    for (const group of groups) {
      const journal = await readLong(group)
      try {
        settleKnown(group, journal)
        coalescer.consider(journal)
      } finally {
        cache.release(journal)
      }
    }
  }

  async function run(groups: readonly JournalGroup[]): Promise<void> {
    if (groups.length === 0) return
    const long: JournalGroup[] = []
    try {
      await store.append(groups, (reply, index) => {
        const group = groups[index]
        if (group === undefined) throw new Error(`a reply to no request, ${index}`)
        if (reply.kind === 'long') long.push(group)
        else if (reply.kind === 'full') refuse(group)
        else fold(group, reply)
      })
      await finishLong(long)
    } finally {
      releasePlan(groups, cache)
    }
  }

  function refuse({ planned, entity }: JournalGroup): void {
    for (const record of planned) {
      record.settled = true
      settleLate(record, entity.type, 'full')
    }
  }

  const stage = async (batch: Batch): Promise<Batch> => {
    for (const event of batch.events) event.windows.set(empty)
    const planner = createAppendPlanner(cache, store.generation())
    for (const subject of subjectsOf(batch, pseudonymiser)) {
      for (const entity of subject.entities) planner.add(subject, entity, false)
    }
    const groups = planner.plan()
    await run(groups)
    // A journal that was cached but is gone from the store (expired, flushed) lacks the records it was thought to have.
    // They are now appended whatever the cache says, so that a second call is always the last.
    const again = createAppendPlanner(cache, store.generation())
    for (const { entity, planned } of groups) {
      for (const { subject, settled } of planned) if (!settled) again.add(subject, entity, true)
    }
    await run(again.plan())
    return batch
  }
  return Object.assign(stage, { cacheFigures: cache.figures, coalescer })
}

function unreadable(key: string): AppError {
  return new AppError('STORE_INCOMPATIBLE', `${key} holds no journal that this version can read`)
}

/** The windows of an event whose entities are all unknown: 0 where something is counted or summed, else NaN. */
export function emptyWindows(set: WindowSet): Float64Array {
  return Float64Array.from(set.specs, ({ fn }) =>
    fn === 'count' || fn === 'sum' || fn === 'distinct' ? 0 : Number.NaN,
  )
}
