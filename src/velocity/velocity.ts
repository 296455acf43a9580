// The velocity stage: journals every event and label of a batch and computes the windows of each event.
//
// Guarantees:
// - An event's windows are a pure function of each journal up to the event's first record in it. Batch sizes, the cache, other
//   writers and redeliveries change nothing about them.
// - An event or label counts once in a journal however often it is appended, because the first record with an id is the one
//   that counts. So a call that failed, maybe after it was carried out, is simply made again with its batch.
// - The cache changes only when a reply has come; a failed call leaves it as it was.
// Several batches may be in flight at once, and replies may come in any order.
import type { Batch } from '../batch.ts'
import { AppError } from '../errors.ts'
import {
  type AppendPlan,
  createAppendPlanner,
  type JournalGroup,
  type PlannedRecord,
  releasePlan,
  subjectsOf,
} from './append-plan.ts'
import { findId } from './id-table.ts'
import { createJournal, foldRecord, type Journal, type Ordinal, reserve } from './journal.ts'
import { createJournalCache, type JournalCache, type JournalCacheFigures } from './journal-cache.ts'
import { HEADER_BYTES, isJournal, RECORD_BYTES, readIdHigh, readIdLow, viewOf } from './journal-codec.ts'
import type { AppendReply, AppendRequest, JournalStore } from './journal-store.ts'
import type { Pseudonymiser } from './pseudonym.ts'
import type { CounterpartSlots } from './series.ts'
import type { WindowSet } from './window.ts'
import { planWindows } from './window-plan.ts'
import { createWindowComputer } from './window-values.ts'

export interface VelocityOptions {
  readonly store: JournalStore
  /** Every slot is computed for every event. */
  readonly windows: WindowSet
  readonly pseudonymiser: Pseudonymiser
  /** Memory for cached journals; those of the batches in flight come on top. */
  readonly cacheBytes: number
  /** Minor units in a major unit of the base currency. */
  readonly minorPerMajor: number
}

export interface VelocityStage {
  /** Fills `windows` of every event and returns the same batch. Throws STORE_UNAVAILABLE or STORE_INCOMPATIBLE. */
  (batch: Batch): Promise<Batch>
  readonly cacheFigures: () => JournalCacheFigures
}

/** Throws RangeError for a window that no journal can answer. */
export function createVelocityStage(options: VelocityOptions): VelocityStage {
  const { store, windows, pseudonymiser } = options
  windows.freeze()
  const empty = emptyWindows(windows)
  const plans = planWindows(windows)
  const cache = createJournalCache(options.cacheBytes)
  const compute = createWindowComputer(options.minorPerMajor)

  function settle(
    record: PlannedRecord,
    type: JournalGroup['entity']['type'],
    journal: Journal,
    ordinal: Ordinal,
  ): void {
    record.settled = true
    const { event } = record.subject
    if (event !== null) compute(journal, ordinal, plans[type].ranges, event.windows)
  }

  /** Folds what the store said and what it appended, and computes windows as soon as a record has been folded. */
  function fold(group: JournalGroup, request: AppendRequest, reply: AppendReply): void {
    const { entity, records } = group
    const journal = journalOf({ group, request, reply }, cache, plans[entity.type].slots)
    const start = reply.kind === 'whole' ? 0 : request.knownLength
    const waiting = reply.bytes.length > 0 ? byLowWord(records) : null
    foldBytes(journal, start, reply.bytes, (view, at, ordinal) => {
      const records = waiting?.get(readIdLow(view, at))
      if (records === undefined) return
      for (const record of records) {
        if (record.subject.id.high === readIdHigh(view, at)) settle(record, entity.type, journal, ordinal)
      }
    })
    const sent = group.sentRecords === records.length ? records : records.filter((record) => record.sent)
    foldBytes(journal, start + reply.bytes.length, request.records, (_view, at, ordinal) => {
      const record = sent[at / RECORD_BYTES]
      if (record !== undefined) settle(record, entity.type, journal, ordinal)
    })
    for (const record of records) {
      if (record.settled) continue
      const ordinal = findId(journal.ids, record.subject.id.low, record.subject.id.high)
      if (ordinal >= 0) settle(record, entity.type, journal, ordinal)
    }
    cache.put(entity.pseudonym, journal)
  }

  async function run(plan: AppendPlan): Promise<void> {
    const { groups, requests } = plan
    if (groups.length === 0) return
    try {
      await store.append(requests, (reply, index) => {
        const group = groups[index]
        const request = requests[index]
        if (group === undefined || request === undefined) throw new Error(`a reply to no request, ${index}`)
        fold(group, request, reply)
      })
    } finally {
      releasePlan(plan, cache)
    }
  }

  const stage = async (batch: Batch): Promise<Batch> => {
    for (const event of batch.events) event.windows.set(empty)
    const planner = createAppendPlanner(cache, store.generation())
    for (const subject of subjectsOf(batch, pseudonymiser)) {
      for (const entity of subject.entities) planner.add(subject, entity, false)
    }
    const plan = planner.plan()
    await run(plan)
    // A journal that was cached but is gone from the store (expired, flushed) lacks the records it was thought to have.
    // They are now appended whatever the cache says, so that a second call is always the last.
    const again = createAppendPlanner(cache, store.generation())
    for (const { entity, records } of plan.groups) {
      for (const { subject, settled } of records) if (!settled) again.add(subject, entity, true)
    }
    await run(again.plan())
    return batch
  }
  return Object.assign(stage, { cacheFigures: cache.figures })
}

/** The windows of an event whose entities are all unknown: 0 where something is counted or summed, else NaN. */
export function emptyWindows(set: WindowSet): Float64Array {
  return Float64Array.from(set.specs, ({ fn }) =>
    fn === 'count' || fn === 'sum' || fn === 'distinct' ? 0 : Number.NaN,
  )
}

interface Exchange {
  readonly group: JournalGroup
  readonly request: AppendRequest
  readonly reply: AppendReply
}

/** The folded journal that the reply continues. */
function journalOf(
  { group, request, reply }: Exchange,
  cache: JournalCache,
  slots: CounterpartSlots,
): Journal {
  if (reply.kind === 'foreign') {
    if (group.cached === null) throw new Error(`a part of journal ${group.key}, of which nothing was known`)
    return group.cached
  }
  if (!isJournal(reply.bytes)) {
    throw new AppError('STORE_INCOMPATIBLE', `${group.key} holds no journal that this version can read`)
  }
  // Another batch may have read the same journal meanwhile, and further. What this one knew, the store has just disowned.
  const current = cache.get(group.entity.pseudonym)
  const isSame = current?.generation === group.generation && sameHeader(current.header, reply.bytes)
  const isDisowned = request.knownHeader !== null && sameHeader(request.knownHeader, reply.bytes)
  if (isSame && !isDisowned) return current
  const header = reply.bytes.subarray(0, HEADER_BYTES)
  const journal = createJournal({
    key: group.key,
    header,
    generation: group.generation,
    slots,
    pool: cache.pool,
  })
  reserve(journal, viewOf(reply.bytes), HEADER_BYTES)
  return journal
}

/** Folds the records of `bytes`, which stand at `start` in the stored journal, from where the journal is; tells of those that count. */
function foldBytes(
  journal: Journal,
  start: number,
  bytes: Uint8Array,
  folded: (view: DataView, at: number, ordinal: Ordinal) => void,
): void {
  const first = journal.length - start
  if (first >= bytes.length) return
  const view = viewOf(bytes)
  for (let at = first; at < bytes.length; at += RECORD_BYTES) {
    const ordinal = foldRecord(journal, view, at)
    if (ordinal >= 0) folded(view, at, ordinal)
  }
}

function byLowWord(records: readonly PlannedRecord[]): Map<number, PlannedRecord[]> {
  return Map.groupBy(records, (record) => record.subject.id.low)
}

function sameHeader(header: Uint8Array, bytes: Uint8Array): boolean {
  for (let at = 0; at < HEADER_BYTES; at++) if (header[at] !== bytes[at]) return false
  return true
}
