// A journal for a person: its records with what became of each, and windows as of any time. Pure.
// Windows are computed by the code of the data path over the same bytes, so they cannot differ from what an event would have got.
import { AppError } from '../errors.ts'
import { createArena } from './arena.ts'
import { COUNTERPARTS, type EntityType, RECORD_KINDS, type RecordKind } from './entity.ts'
import { foldBytes } from './fold-bytes.ts'
import type { Horizons } from './grid.ts'
import { createJournal } from './journal.ts'
import {
  AMOUNT_UNKNOWN,
  isJournal,
  RECORD_BYTES,
  readAmountMinor,
  readCounterpart,
  readFlags,
  readIdHigh,
  readIdLow,
  readKind,
  readHeader,
  readTimeMs,
  recordsStart,
  viewOf,
} from './journal-codec.ts'
import { createWindowSet, type WindowFunction, type WindowSet } from './window.ts'
import { planWindows } from './window-plan.ts'
import { createWindowComputer } from './window-values.ts'

export interface ReportedRecord {
  /** From 1, in journal order. */
  readonly number: number
  readonly timeMs: number
  /** `kind <byte>` for one that this version does not know. */
  readonly kind: string
  /** Major units of the base currency; null when unknown, and for labels. */
  readonly amount: number | null
  /** 16 hex digits: how journals know the event or label. */
  readonly id: string
  /** For a label, the id of the event that it is about. */
  readonly labelled: string | null
  /** Hashes of 12 hex digits of the other entities that the record remembers. */
  readonly counterparts: Readonly<Partial<Record<EntityType, string>>>
  /** The record that counts in place of this one, because it has the same id; null when this one counts. */
  readonly repeats: number | null
}

export interface ReportedWindow {
  readonly lengthMs: number
  readonly kind: RecordKind
  readonly count: number
  readonly sum: number
  /** Null without a known amount. */
  readonly mean: number | null
  readonly max: number | null
  /** Empty for labels, which remember no counterparts. */
  readonly distinct: Readonly<Partial<Record<EntityType, number>>>
}

export interface JournalReport {
  readonly bytes: number
  readonly epoch: number
  readonly incarnation: string
  /** In journal order, which is the order of arrival. */
  readonly records: readonly ReportedRecord[]
  readonly newestMs: number | null
}

/** Throws STORE_INCOMPATIBLE for bytes that are no journal of this version's format. */
export function reportJournal(bytes: Uint8Array, type: EntityType, minorPerMajor: number): JournalReport {
  requireJournal(bytes)
  const { epoch, incarnation } = readHeader(bytes)
  const view = viewOf(bytes)
  const firsts = new Map<string, number>()
  const records: ReportedRecord[] = []
  for (let at = recordsStart(bytes); at < bytes.length; at += RECORD_BYTES) {
    const number = records.length + 1
    const record = reportRecord(view, at, { number, type, minorPerMajor })
    const first = firsts.get(record.id) ?? null
    if (first === null) firsts.set(record.id, number)
    records.push({ ...record, repeats: first })
  }
  return {
    bytes: bytes.length,
    epoch,
    incarnation: Buffer.from(incarnation).toString('hex'),
    records,
    newestMs: records.reduce<number | null>(
      (newest, { timeMs }) => (newest === null || timeMs > newest ? timeMs : newest),
      null,
    ),
  }
}

function requireJournal(bytes: Uint8Array): void {
  if (isJournal(bytes)) return
  throw new AppError('STORE_INCOMPATIBLE', 'the key holds no journal that this version can read')
}

function reportRecord(
  view: DataView,
  at: number,
  { number, type, minorPerMajor }: { number: number; type: EntityType; minorPerMajor: number },
): Omit<ReportedRecord, 'repeats'> {
  const byte = readKind(view, at)
  const kind = KINDS.find((name) => RECORD_KINDS[name] === byte)
  const isLabel = kind === 'fraud' || kind === 'genuine'
  const isUnknown = (readFlags(view, at) & AMOUNT_UNKNOWN) !== 0
  const counterparts: Partial<Record<EntityType, string>> = {}
  for (const [slot, counterpart] of COUNTERPARTS[type].entries()) {
    const hash = isLabel ? 0 : readCounterpart(view, at, slot)
    if (hash !== 0) counterparts[counterpart] = hash.toString(16).padStart(12, '0')
  }
  return {
    number,
    timeMs: readTimeMs(view, at),
    kind: kind ?? `kind ${byte}`,
    amount: isUnknown || isLabel ? null : readAmountMinor(view, at) / minorPerMajor,
    id: hex64(readIdLow(view, at), readIdHigh(view, at)),
    labelled: isLabel ? hex64(view.getUint32(at + 24, true), view.getUint32(at + 28, true)) : null,
    counterparts,
  }
}

const KINDS = Object.keys(RECORD_KINDS).filter((name): name is RecordKind => name in RECORD_KINDS)

function hex64(low: number, high: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

/** A label's record has the id of its event where others have counterparts. */
function counterpartsOf(kind: RecordKind, type: EntityType): readonly EntityType[] {
  return kind === 'fraud' || kind === 'genuine' ? [] : COUNTERPARTS[type]
}

const COMPUTED = ['count', 'sum', 'mean', 'max'] as const satisfies readonly WindowFunction[]

export interface WindowQuestion {
  readonly type: EntityType
  /** Epoch milliseconds: records in (atMs - lengthMs, atMs] count. */
  readonly atMs: number
  readonly lengthsMs: readonly number[]
  readonly minorPerMajor: number
  readonly horizons: Horizons
}

/** Windows over the whole journal as of a time, for every kind that it holds, shortest first. */
export function windowsAsOf(bytes: Uint8Array, question: WindowQuestion): ReportedWindow[] {
  requireJournal(bytes)
  const { type, lengthsMs } = question
  const kinds = kindsIn(bytes)
  const set = createWindowSet()
  const slot = (fn: WindowFunction, lengthMs: number, kind: RecordKind, counterpart: EntityType | null) =>
    set.slot({ fn, entity: type, counterpart, lengthMs, delayMs: 0, kind })
  const asked = kinds.flatMap((kind) =>
    lengthsMs.map((lengthMs) => ({
      kind,
      lengthMs,
      slots: COMPUTED.map((fn) => slot(fn, lengthMs, kind, null)),
      distinct: counterpartsOf(kind, type).map(
        (other) => [other, slot('distinct', lengthMs, kind, other)] as const,
      ),
    })),
  )
  const values = valuesAsOf(bytes, question, set)
  return asked.map(({ kind, lengthMs, slots, distinct }) => {
    const [count = 0, sum = 0, mean = Number.NaN, max = Number.NaN] = slots.map((at) => values[at])
    return {
      kind,
      lengthMs,
      count,
      sum,
      mean: Number.isFinite(mean) ? mean : null,
      max: Number.isFinite(max) ? max : null,
      distinct: Object.fromEntries(distinct.map(([other, at]) => [other, values[at] ?? 0])),
    }
  })
}

function valuesAsOf(
  bytes: Uint8Array,
  { type, atMs, minorPerMajor, horizons }: WindowQuestion,
  windows: WindowSet,
): Float64Array {
  const { slots, ranges } = planWindows(windows, horizons)[type]
  const { allowedLatenessMs, exactHorizonMs } = horizons
  const arena = createArena()
  const journal = createJournal({ key: '', generation: 0, slots, allowedLatenessMs, arena }, bytes)
  foldBytes(journal, 0, bytes, () => undefined)
  // As if a record of no kind stood behind all others, at any time: it would ask for these windows and be in none.
  journal.newest = journal.records
  const own = { ordinal: journal.newest, timeMs: atMs, position: 0 }
  const out = new Float64Array(windows.specs.length)
  createWindowComputer({ minorPerMajor, exactHorizonMs })(journal, own, ranges, out)
  return out
}

function kindsIn(bytes: Uint8Array): RecordKind[] {
  const view = viewOf(bytes)
  const found = new Set<number>()
  for (let at = recordsStart(bytes); at < bytes.length; at += RECORD_BYTES) found.add(readKind(view, at))
  return KINDS.filter((kind) => found.has(RECORD_KINDS[kind]))
}
