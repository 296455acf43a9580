// Windows over a whole journal as of any time, for a person. They come from the code of the data path over the same bytes, so they
// cannot differ from what an event would have got.
import { COUNTERPARTS, type EntityType, type RecordKind } from './entity.ts'
import { isLabelKind, kindsIn, openJournal, type ReportOptions, reportJournal } from './journal-report.ts'
import { createWindowSet, type WindowFunction, type WindowSet } from './window.ts'
import { planWindows } from './window-plan.ts'
import { createWindowComputer } from './window-values.ts'

export interface ReportedWindow {
  readonly lengthMs: number
  readonly kind: RecordKind
  readonly count: number
  /** Major units of the base currency; null for labels. */
  readonly sum: number | null
  /** Null also without a known amount. */
  readonly mean: number | null
  readonly max: number | null
  /** Of labels: labelled events of the window by its payments. Null without payments, and for other kinds. */
  readonly rate: number | null
  /** Null where the window is longer than different things can be counted. Empty for labels. */
  readonly distinct: Readonly<Partial<Record<EntityType, number | null>>>
}

/** How long before the time the first and the last record of a kind came, seconds; null without one. */
export interface ReportedSight {
  readonly kind: RecordKind
  readonly firstSeconds: number | null
  readonly lastSeconds: number | null
}

export interface WindowsAsOf {
  /** Shortest first for each kind that the journal holds. */
  readonly windows: readonly ReportedWindow[]
  readonly seen: readonly ReportedSight[]
  /** False when an event of this time would have been too late for the journal, and old records are joined or gone. */
  readonly isExact: boolean
}

export interface WindowQuestion extends ReportOptions {
  /** Epoch milliseconds: records in (atMs - lengthMs, atMs] count. */
  readonly atMs: number
  readonly lengthsMs: readonly number[]
}

/** Throws STORE_INCOMPATIBLE for bytes that are no journal of this version's format. */
export function windowsAsOf(bytes: Uint8Array, question: WindowQuestion): WindowsAsOf {
  const { type, atMs, horizons } = question
  const report = reportJournal(bytes, question)
  const set = createWindowSet()
  const kinds = kindsIn(report)
  const asking = kinds.flatMap((kind) =>
    question.lengthsMs.map((lengthMs) => ask(set, question, kind, lengthMs)),
  )
  const sights = kinds.map((kind) => askSight(set, type, kind))
  const { values, newestMs } = answer(bytes, question, set)
  return {
    windows: asking.map((read) => read(values)),
    seen: sights.map((read) => read(values)),
    isExact: report.epoch === 0 || atMs >= newestMs - horizons.allowedLatenessMs,
  }
}

/** Puts a window's functions into the set; what it returns reads their values. */
function ask(
  set: WindowSet,
  { type, horizons }: WindowQuestion,
  kind: RecordKind,
  lengthMs: number,
): (values: Float64Array) => ReportedWindow {
  const isLabel = isLabelKind(kind)
  const slot = (fn: WindowFunction, counterpart: EntityType | null = null): number =>
    set.slot({ fn, entity: type, counterpart, lengthMs, delayMs: 0, kind })
  const count = slot('count')
  const amounts = isLabel ? null : { sum: slot('sum'), mean: slot('mean'), max: slot('max') }
  const rate = isLabel ? slot('rate') : null
  const counterparts = isLabel ? [] : COUNTERPARTS[type]
  const distinct = counterparts.map(
    (other) => [other, lengthMs > horizons.exactHorizonMs ? null : slot('distinct', other)] as const,
  )
  return (values) => ({
    lengthMs,
    kind,
    count: values[count] ?? 0,
    sum: valueAt(values, amounts?.sum),
    mean: valueAt(values, amounts?.mean),
    max: valueAt(values, amounts?.max),
    rate: valueAt(values, rate),
    distinct: Object.fromEntries(distinct.map(([other, at]) => [other, valueAt(values, at)])),
  })
}

function askSight(
  set: WindowSet,
  type: EntityType,
  kind: RecordKind,
): (values: Float64Array) => ReportedSight {
  const slot = (fn: WindowFunction): number =>
    set.slot({ fn, entity: type, counterpart: null, lengthMs: Number.POSITIVE_INFINITY, delayMs: 0, kind })
  const [first, last] = [slot('first_seen'), slot('last_seen')]
  return (values) => ({ kind, firstSeconds: valueAt(values, first), lastSeconds: valueAt(values, last) })
}

/** Null where there is no slot, and for what is unknown. */
function valueAt(values: Float64Array, slot: number | null | undefined): number | null {
  const value = values[slot ?? -1]
  return value === undefined || Number.isNaN(value) ? null : value
}

function answer(
  bytes: Uint8Array,
  { type, atMs, minorPerMajor, horizons }: WindowQuestion,
  windows: WindowSet,
): { values: Float64Array; newestMs: number } {
  const { slots, ranges } = planWindows(windows, horizons)[type]
  const journal = openJournal(bytes, horizons, slots)
  // As if a record of no kind stood behind all others, at any time: it would ask for these windows and be in none.
  journal.newest = journal.records
  const own = { ordinal: journal.newest, timeMs: atMs, position: 0 }
  const values = new Float64Array(windows.specs.length)
  const { exactHorizonMs } = horizons
  createWindowComputer({ minorPerMajor, exactHorizonMs })(journal, own, ranges, values)
  return { values, newestMs: journal.newestMs }
}
