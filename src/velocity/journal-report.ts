// A journal for a person: what is left of its old records, and its records with what became of each. Pure.
import { AppError } from '../errors.ts'
import { createArena } from './arena.ts'
import { type Bucket, readBucket } from './buckets.ts'
import { COUNTERPARTS, type EntityType, FIRST_LABEL_KIND, RECORD_KINDS, type RecordKind } from './entity.ts'
import { limbsToNumber, SUM_LIMBS } from './exact-sum.ts'
import type { Horizons } from './grid.ts'
import { createJournal, foldRecord, type Journal, LATE } from './journal.ts'
import {
  BUCKET_BYTES,
  HEADER_BYTES,
  isJournal,
  readAmountMinor,
  readCounterpart,
  RECORD_BYTES,
  readHeader,
  readIdHigh,
  readIdLow,
  readKind,
  readLabelledHigh,
  readLabelledLow,
  readLabelledTimeMs,
  readTimeMs,
  viewOf,
} from './journal-codec.ts'
import { readLabel } from './labels.ts'
import type { CounterpartSlots } from './rows.ts'
import { countOf, knownOf, maxOf, minOf, SUM_AT } from './totals.ts'

/** Records of one kind that were joined. Amounts in major units of the base currency; null when none is known. */
export interface ReportedBucket {
  readonly kind: string
  readonly fromMs: number
  readonly toMs: number
  readonly count: number
  readonly sum: number | null
  readonly min: number | null
  readonly max: number | null
}

/** Why a record does not count. */
export type Ignored =
  /** Record `first` has the same id. */
  | { readonly why: 'repeated'; readonly first: number }
  /** When it came, the journal was this far on already. */
  | { readonly why: 'late'; readonly behindMs: number }
  /** Label `by` is a later one for the same event. */
  | { readonly why: 'superseded'; readonly by: number }

export interface ReportedRecord {
  /** From 1, in journal order, behind the buckets. */
  readonly number: number
  readonly timeMs: number
  /** `kind <byte>` for one that this version does not know. */
  readonly kind: string
  /** Major units of the base currency; null when unknown, and for labels. */
  readonly amount: number | null
  /** 16 hex digits: how journals know the event or label. */
  readonly id: string
  /** Of a label: the event that it is about. */
  readonly labelled: { readonly id: string; readonly timeMs: number } | null
  /** Hashes of 12 hex digits of the other entities that the record remembers. */
  readonly counterparts: Readonly<Partial<Record<EntityType, string>>>
  /** Null when it counts. */
  readonly ignored: Ignored | null
}

export interface JournalReport {
  readonly bytes: number
  /** How often a beginning was joined into buckets. */
  readonly epoch: number
  readonly incarnation: string
  /** By kind, then by time. */
  readonly buckets: readonly ReportedBucket[]
  /** In journal order, which is the order of arrival. */
  readonly records: readonly ReportedRecord[]
  /** Of everything that counts, labels included. */
  readonly newestMs: number | null
}

export interface ReportOptions {
  readonly type: EntityType
  readonly minorPerMajor: number
  readonly horizons: Horizons
}

/** Throws STORE_INCOMPATIBLE for bytes that are no journal of this version's format. */
export function reportJournal(bytes: Uint8Array, options: ReportOptions): JournalReport {
  const view = viewOf(bytes)
  const records: ReportedRecord[] = []
  /** Of events that count, by id: the number. */
  const firsts = new Map<string, number>()
  const places: number[] = []
  const journal = openJournal(bytes, options.horizons, [], (at, ordinal, newestMs) => {
    const record = reportRecord(view, at, { ...options, number: records.length + 1 })
    const { id, number, timeMs, labelled } = record
    if (labelled === null && ordinal >= 0) firsts.set(id, number)
    const ignored = ordinal === LATE ? lateBy(newestMs - timeMs) : repeatOf(firsts.get(id) ?? number, number)
    records.push({ ...record, ignored })
    places.push(at)
  })
  // Of the labels for one event one counts, which may have come before or after the others.
  for (const [index, record] of records.entries()) {
    if (record.labelled === null) continue
    records[index] = { ...record, ignored: ignoredLabel(journal, view, places[index] ?? 0, record) }
  }
  const { epoch, incarnation, buckets } = readHeader(bytes)
  const counted = records.filter(({ ignored }) => ignored === null)
  const newestMs = counted.reduce((newest, { timeMs }) => Math.max(newest, timeMs), journal.newestMs)
  return {
    bytes: bytes.length,
    epoch,
    incarnation: Buffer.from(incarnation).toString('hex'),
    buckets: Array.from({ length: buckets }, (_, i) =>
      reportBucket(readBucket(view, HEADER_BYTES + i * BUCKET_BYTES), options.minorPerMajor),
    ),
    records,
    newestMs: newestMs === 0 ? null : newestMs,
  }
}

/**
 * The journal as processors see it. `visit` is told of each record what came of it, and of the newest time before it.
 * Throws STORE_INCOMPATIBLE for bytes that are no journal of this version's format.
 */
export function openJournal(
  bytes: Uint8Array,
  { allowedLatenessMs }: Horizons,
  slots: CounterpartSlots,
  visit: (at: number, ordinal: number, newestMs: number) => void = () => undefined,
): Journal {
  if (!isJournal(bytes)) {
    throw new AppError('STORE_INCOMPATIBLE', 'the key holds no journal that this version can read')
  }
  const journal = createJournal(
    { key: '', generation: 0, slots, allowedLatenessMs, arena: createArena() },
    bytes,
  )
  const view = viewOf(bytes)
  for (let at = journal.length; at < bytes.length; at += RECORD_BYTES) {
    const { newestMs } = journal
    visit(at, foldRecord(journal, view, at), newestMs)
  }
  return journal
}

/** The kinds that the journal holds. */
export function kindsIn({ buckets, records }: JournalReport): RecordKind[] {
  const found = new Set([...buckets, ...records].map(({ kind }) => kind))
  return KINDS.filter((kind) => found.has(kind))
}

export const isLabelKind = (kind: RecordKind): boolean => RECORD_KINDS[kind] >= FIRST_LABEL_KIND

const KINDS = Object.keys(RECORD_KINDS).filter((name): name is RecordKind => name in RECORD_KINDS)

function nameOf(byte: number): string {
  return KINDS.find((name) => RECORD_KINDS[name] === byte) ?? `kind ${byte}`
}

function reportBucket({ kind, firstMs, lastMs, totals }: Bucket, minorPerMajor: number): ReportedBucket {
  const isKnown = knownOf(totals) > 0
  return {
    kind: nameOf(kind),
    fromMs: firstMs,
    toMs: lastMs,
    count: countOf(totals),
    sum: isKnown ? limbsToNumber(totals, SUM_AT, SUM_LIMBS) / minorPerMajor : null,
    min: isKnown ? minOf(totals) / minorPerMajor : null,
    max: isKnown ? maxOf(totals) / minorPerMajor : null,
  }
}

interface RecordOptions extends ReportOptions {
  readonly number: number
}

function reportRecord(
  view: DataView,
  at: number,
  { number, type, minorPerMajor }: RecordOptions,
): ReportedRecord {
  const kind = readKind(view, at)
  const isLabel = kind >= FIRST_LABEL_KIND
  const amountMinor = readAmountMinor(view, at)
  const counterparts: Partial<Record<EntityType, string>> = {}
  // A label's record has something else where others have counterparts.
  for (const [slot, counterpart] of COUNTERPARTS[type].entries()) {
    const hash = isLabel ? 0 : readCounterpart(view, at, slot)
    if (hash !== 0) counterparts[counterpart] = hash.toString(16).padStart(12, '0')
  }
  const labelled = () => ({
    id: hex64(readLabelledLow(view, at), readLabelledHigh(view, at)),
    timeMs: readLabelledTimeMs(view, at),
  })
  return {
    number,
    timeMs: readTimeMs(view, at),
    kind: nameOf(kind),
    amount: isLabel || Number.isNaN(amountMinor) ? null : amountMinor / minorPerMajor,
    id: hex64(readIdLow(view, at), readIdHigh(view, at)),
    labelled: isLabel ? labelled() : null,
    counterparts,
    ignored: null,
  }
}

function lateBy(behindMs: number): Ignored {
  return { why: 'late', behindMs }
}

function repeatOf(first: number, number: number): Ignored | null {
  return first === number ? null : { why: 'repeated', first }
}

function ignoredLabel(
  { labels }: Journal,
  view: DataView,
  at: number,
  { id, number }: ReportedRecord,
): Ignored | null {
  const counting = labels?.current.get(readLabel(view, at, 0).of)
  if (counting === undefined || counting.ordinal === number - 1) return null
  return hex64(counting.idLow, counting.idHigh) === id
    ? repeatOf(counting.ordinal + 1, number)
    : { why: 'superseded', by: counting.ordinal + 1 }
}

function hex64(low: number, high: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
