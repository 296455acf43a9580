// The cached journal of one entity: its records folded, in journal order, into what windows need.
// Guarantees that what it holds depends on the folded bytes alone, and that a second record with the same id changes nothing.
import type { Block, BlockPool } from './block-pool.ts'
import { addId, createIdTable, findId, type IdTable, idTableBytes, reserveIds } from './id-table.ts'
import { HEADER_BYTES, RECORD_BYTES, readIdHigh, readIdLow, readKind } from './journal-codec.ts'
import {
  addRecord,
  type CounterpartSlots,
  createSeries,
  ordinalAt,
  reserveRows,
  type Series,
  seriesBytes,
  timeAt,
} from './series.ts'

/** The number of a record among those with an id of their own, from 0 in journal order. */
export type Ordinal = number

export interface Journal {
  readonly key: string
  readonly header: Uint8Array
  /** Of the store, when it was read. */
  readonly generation: number
  readonly slots: CounterpartSlots
  readonly pool: BlockPool
  /** Batches in flight that will go on with it. */
  users: number
  isCached: boolean
  /** Bytes of the stored journal that are folded, header and ignored records included. */
  length: number
  /** Where the record with the highest ordinal is. Its time itself, a double, would be a new heap object with every record. */
  newestSeries: Series | null
  newestRow: number
  readonly ids: IdTable
  /** By first appearance of the kind; a journal has few. */
  readonly series: Series[]
}

/** Kinds are bytes. */
const KINDS = 256
const GONE: Block = { doubles: new Float64Array(0), words: new Uint32Array(0) }
// Measured with a million journals of one record: objects, key text, header, array and buffer heads.
const JOURNAL_OVERHEAD_BYTES = 900
const SERIES_OVERHEAD_BYTES = 360

export interface NewJournal {
  readonly key: string
  readonly header: Uint8Array
  readonly generation: number
  /** The counterparts that windows over this journal count. */
  readonly slots: CounterpartSlots
  readonly pool: BlockPool
}

export function createJournal({ key, header, generation, slots, pool }: NewJournal): Journal {
  return {
    key,
    // A copy: the given bytes are part of a reply that must not stay in memory for it.
    header: new Uint8Array(header),
    generation,
    slots,
    pool,
    users: 0,
    isCached: false,
    length: HEADER_BYTES,
    newestSeries: null,
    newestRow: 0,
    ids: createIdTable(pool),
    series: [],
  }
}

/** Folds the record at `at`, the journal's next one. Returns its ordinal, or -1 when an earlier record has its id. */
export function foldRecord(journal: Journal, view: DataView, at: number): Ordinal {
  if (journal.ids.block === GONE) throw new Error(`journal ${journal.key} was given back`)
  journal.length += RECORD_BYTES
  const low = readIdLow(view, at)
  const high = readIdHigh(view, at)
  if (findId(journal.ids, low, high) >= 0) return -1
  const ordinal = addId(journal.ids, low, high)
  const kind = readKind(view, at)
  const series = seriesOf(journal, kind) ?? addSeries(journal, kind, 1)
  journal.newestRow = addRecord(series, view, at, ordinal, journal.slots)
  journal.newestSeries = series
  return ordinal
}

/**
 * Makes room for the records of `view` from `at` on, exactly: growing by quarters on the way to a thousand records makes five
 * times their size in garbage.
 */
export function reserve(journal: Journal, view: DataView, at: number): void {
  const records = new Uint32Array(KINDS)
  for (let next = at; next < view.byteLength; next += RECORD_BYTES) {
    const kind = readKind(view, next)
    records[kind] = (records[kind] ?? 0) + 1
  }
  for (let kind = 0; kind < KINDS; kind++) {
    const more = records[kind] ?? 0
    if (more === 0) continue
    const series = seriesOf(journal, kind)
    if (series === null) addSeries(journal, kind, more)
    else reserveRows(series, series.size + more)
  }
  reserveIds(journal.ids, journal.ids.size + (view.byteLength - at) / RECORD_BYTES)
}

function addSeries(journal: Journal, kind: number, capacity: number): Series {
  const series = createSeries(journal.pool, kind, journal.slots.length, capacity)
  journal.series.push(series)
  return series
}

export function seriesOf(journal: Journal, kind: number): Series | null {
  for (const series of journal.series) if (series.kind === kind) return series
  return null
}

/** Event time of the record, epoch milliseconds. By a scan unless it is the newest, which it nearly always is. */
export function timeOf(journal: Journal, ordinal: Ordinal): number {
  const { newestSeries, newestRow } = journal
  if (newestSeries !== null && ordinal === journal.ids.size - 1) return timeAt(newestSeries, newestRow)
  for (const series of journal.series) {
    for (let row = 0; row < series.size; row++) {
      if (ordinalAt(series, row) === ordinal) return timeAt(series, row)
    }
  }
  throw new Error(`journal ${journal.key} has no record ${ordinal}`)
}

/** Gives the journal's memory back, if neither the cache nor a batch needs it any more. */
export function releaseIfUnused(journal: Journal): void {
  if (journal.isCached || journal.users > 0) return
  journal.pool.give(journal.ids.block)
  for (const series of journal.series) journal.pool.give(series.rows)
  // Whoever comes to it all the same gets an exception, not another journal's numbers.
  journal.ids.block = GONE
  journal.series.length = 0
}

/** Memory taken, in bytes, as near as it can be known. */
export function journalBytes(journal: Journal): number {
  let bytes = JOURNAL_OVERHEAD_BYTES + idTableBytes(journal.ids)
  for (const series of journal.series) bytes += SERIES_OVERHEAD_BYTES + seriesBytes(series)
  return bytes
}
