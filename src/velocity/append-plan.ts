// From a batch to the records that its journals get: one group a journal, its records in batch order.
// Guarantees that no id is appended twice to one journal by one plan, nor to a journal whose cached part has it.
import type { Batch, BatchEvent } from '../batch.ts'
import { COUNTERPARTS, type EntityRef, type EntityType, RECORD_KINDS } from './entity.ts'
import { hasId, isLate, type Journal } from './journal.ts'
import {
  RECORD_BYTES,
  type RecordFacts,
  writeCounterpart,
  writeFacts,
  writeLabelled,
} from './journal-codec.ts'
import { journalKey } from './journal-key.ts'
import type { JournalCache } from './journal-cache.ts'
import type { AppendRequest } from './journal-store.ts'
import { positionOf } from './position.ts'
import type { Hash64, Pseudonymiser } from './pseudonym.ts'
import { recordKind } from './record-kind.ts'

/** An event or label of the batch, as its journals will know it. */
export interface Subject extends RecordFacts {
  /** Null for a label: nobody waits for its windows. */
  readonly event: BatchEvent | null
  readonly entities: readonly EntityRef[]
  /** For a label, id and time of the labelled event. */
  readonly labelled: { readonly id: Hash64; readonly timeMs: number } | null
  /** True when the batch may have had the same id before. */
  readonly isRepeated: boolean
}

/** One subject in one journal. */
export interface PlannedRecord {
  readonly subject: Subject
  readonly sent: boolean
  /** True once its windows are computed, or known to stay empty. */
  settled: boolean
}

/** What one journal gets. It is the request itself: an object of its own for each of a thousand journals costs more than it tells. */
export interface JournalGroup extends AppendRequest {
  readonly entity: EntityRef
  /** Of the store, when the plan was made. */
  readonly generation: number
  /** What was cached when the plan was made. It may grow until the reply is there, but keeps its header. */
  readonly cached: Journal | null
  planned: PlannedRecord[]
  records: DataView
  from: number
  to: number
}

const NO_JOURNAL = 0
const NO_RECORDS = new DataView(new ArrayBuffer(0))
const NOTHING_PLANNED: PlannedRecord[] = []

/** The events and labels of the batch, in its order. */
export function subjectsOf(batch: Batch, pseudonymiser: Pseudonymiser): Subject[] {
  // The upper bits get lost in a double: then two ids may be held for one, which costs a look at the group and no more.
  const seen = new Set<number>()
  const isRepeated = ({ low, high }: Hash64): boolean =>
    seen.size === seen.add(high * 0x1_0000_0000 + low).size
  const events = batch.events.map((item): Subject => {
    const { event, timeMs, amountBaseMinor, entities } = item
    const id = pseudonymiser.eventId(event.tenant ?? '', event.id)
    const kind = RECORD_KINDS[recordKind(event)]
    return {
      timeMs,
      kind,
      amountMinor: amountBaseMinor,
      id,
      event: item,
      entities,
      position: event.device?.geo === undefined ? 0 : positionOf(event.device.geo.lat, event.device.geo.lon),
      labelled: null,
      isRepeated: isRepeated(id),
    }
  })
  const labels = batch.labels.map(({ label, timeMs, eventMs, entities }): Subject => {
    const tenant = label.tenant ?? ''
    const id = pseudonymiser.labelId(tenant, label.id)
    return {
      timeMs,
      kind: RECORD_KINDS[label.label],
      // The amount stands in the record of the labelled event.
      amountMinor: Number.NaN,
      id,
      event: null,
      entities,
      position: 0,
      labelled: { id: pseudonymiser.eventId(tenant, label.event), timeMs: eventMs },
      isRepeated: isRepeated(id),
    }
  })
  return [...events, ...labels]
}

/** Collects records by journal, then makes the requests of all of them at once. */
export interface AppendPlanner {
  /** `evenIfKnown`: append the record also where the cached journal has its id, or is too far on for it. */
  add(subject: Subject, entity: EntityRef, evenIfKnown: boolean): void
  plan(): readonly JournalGroup[]
}

/** Uses what is cached of the store's present generation. Each group retains its cached journal: `releasePlan` when done. */
export function createAppendPlanner(cache: JournalCache, generation: number): AppendPlanner {
  const groups = new Map<string, JournalGroup>()
  let sentRecords = 0

  function groupOf(entity: EntityRef): JournalGroup {
    let group = groups.get(entity.pseudonym)
    if (group === undefined) {
      const found = cache.get(entity.pseudonym)
      const cached = found?.generation === generation ? found : null
      if (cached !== null) cache.retain(cached)
      group = {
        entity,
        key: found?.key ?? journalKey(entity),
        generation,
        cached,
        knownHeader: cached?.header ?? null,
        knownLength: cached?.length ?? NO_JOURNAL,
        planned: NOTHING_PLANNED,
        records: NO_RECORDS,
        from: 0,
        to: 0,
      }
      groups.set(entity.pseudonym, group)
    }
    return group
  }

  return {
    add(subject, entity, evenIfKnown) {
      const group = groupOf(entity)
      const isKnown = !evenIfKnown && group.cached !== null && isSettledIn(group.cached, subject)
      const sent = !isKnown && !(subject.isRepeated && isPlanned(group, subject.id))
      if (sent) sentRecords++
      const record = { subject, sent, settled: false }
      // Most journals get one record: an array that has grown by one has room for seventeen.
      if (group.planned === NOTHING_PLANNED) group.planned = [record]
      else group.planned.push(record)
    },
    plan() {
      const list = [...groups.values()]
      encode(list, sentRecords)
      return list
    },
  }
}

export function releasePlan(groups: readonly JournalGroup[], cache: JournalCache): void {
  for (const { cached } of groups) if (cached !== null) cache.release(cached)
}

/** Whether an append of the event would change nothing: it is there, or comes too late. */
function isSettledIn(journal: Journal, { event, id, timeMs }: Subject): boolean {
  return event !== null && (hasId(journal, id.low, id.high) || isLate(journal, timeMs))
}

function isPlanned(group: JournalGroup, { low, high }: Hash64): boolean {
  for (const { subject } of group.planned) {
    if (subject.id.low === low && subject.id.high === high) return true
  }
  return false
}

/** All records in one buffer, those of a journal next to each other: a buffer for each costs more than writing into it. */
function encode(groups: readonly JournalGroup[], sentRecords: number): void {
  const view = new DataView(new ArrayBuffer(sentRecords * RECORD_BYTES))
  let at = 0
  for (const group of groups) {
    group.records = view
    group.from = at
    for (const { subject, sent } of group.planned) {
      if (!sent) continue
      writeRecord(view, at, subject, group.entity.type)
      at += RECORD_BYTES
    }
    group.to = at
  }
}

function writeRecord(view: DataView, at: number, subject: Subject, type: EntityType): void {
  writeFacts(view, at, subject)
  if (subject.labelled !== null) {
    writeLabelled(view, at, subject.labelled.id, subject.labelled.timeMs)
    return
  }
  const counterparts = COUNTERPARTS[type]
  for (const { type, hash48 } of subject.entities) {
    for (let slot = 0; slot < 4; slot++) {
      if (counterparts[slot] === type) writeCounterpart(view, at, slot, hash48)
    }
  }
}
