// The cached journal of one entity: its records folded, in journal order, into what windows need.
// Guarantees that what it holds depends on the folded bytes alone; that a second record with the same id changes nothing; and
// that a record which was too late at its place changes nothing.
import type { Arena } from './arena.ts'
import { type Buckets, readBuckets } from './buckets.ts'
import { noteRow, type SlidingDistinct } from './distinct.ts'
import { FIRST_LABEL_KIND } from './entity.ts'
import { addIndexed, createIdIndex, type IdIndex, indexBytes, ordinalOfId } from './id-index.ts'
import {
  BUCKET_BYTES,
  HEADER_BYTES,
  RECORD_BYTES,
  readAmountMinor,
  readCounterpart,
  readHeader,
  readIdHigh,
  readIdLow,
  readKind,
  readPosition,
  readTimeMs,
  viewOf,
} from './journal-codec.ts'
import { atEventTime, isLater, type Label, type Labels, readLabel } from './labels.ts'
import { type Cursor, findLast } from './row-range.ts'
import { createRoot, insertRow, isLeaf, leavesOf, removeRow, type RowTree } from './row-tree.ts'
import {
  type CounterpartSlots,
  keyAt,
  keyOf,
  LEAF_ROWS,
  ordinalAt,
  positionAt,
  rowOfId,
  type RowSource,
  strideOf,
  timeOfKey,
} from './rows.ts'

/** The number of a record among those behind the buckets, ignored ones included, from 0 in journal order. */
export type Ordinal = number
/** What came of a record that does not count: an earlier one has its id, or it came too late. */
export const DUPLICATE = -1
export const LATE = -2

export interface Journal extends RowTree {
  readonly key: string
  /** Its 32 bytes, a character each. */
  readonly header: string
  /** Of the store, when it was read. */
  readonly generation: number
  readonly allowedLatenessMs: number
  /** Batches in flight that will go on with it. */
  users: number
  isCached: boolean
  /** Memory that it is counted with in the cache, bytes. */
  cachedBytes: number
  /** Since the cache last thought of dropping it. */
  wasUsed: boolean
  isReleased: boolean
  /** Bytes of the stored journal that are folded, header and ignored records included. */
  length: number
  /** Records behind the buckets that are folded. */
  records: number
  /** The highest ordinal that counts; -1 when none does. */
  newest: Ordinal
  /** Highest event time of what counts, labels aside; 0 when there is none. */
  newestMs: number
  readonly buckets: Buckets | null
  /** A bit is set for the id of each record that counts, so that most ids that are not there need no scan: 128 of them. */
  idBits0: number
  idBits1: number
  idBits2: number
  idBits3: number
  /** Null while rows are few enough to scan. */
  index: IdIndex | null
  labels: Labels | null
  /** Distinct counts that move along, by slot of the window; null while rows are few. */
  sliding: Map<number, SlidingDistinct> | null
  /** Length from which on it is worth a look whether a part can be coalesced. */
  coalesceFrom: number
}

export interface NewJournal {
  readonly key: string
  readonly generation: number
  readonly allowedLatenessMs: number
  /** The counterparts that windows over this journal count. */
  readonly slots: CounterpartSlots
  readonly arena: Arena
}

// Measured with a million journals of one record: objects, key text, header, map entry.
const JOURNAL_OVERHEAD_BYTES = 600
const LABEL_BYTES = 200
/** Records before the first look. */
const COALESCE_FROM = 64
/** What `foldFirst` takes at most: the rows of one leaf, so that there is no index yet. */
export const FIRST_RECORDS = LEAF_ROWS
const FIRST_PLACES = 256
/** Used by one `foldFirst` after the other, which end before anything else runs. */
const first = {
  /** Ordinal + 1 at the place that its id says, or behind it; else 0. */
  places: new Uint8Array(FIRST_PLACES),
  /** In the order of the rows. */
  keys: new Float64Array(FIRST_RECORDS),
  ordinals: new Uint8Array(FIRST_RECORDS),
}
/** The row that is being added: an object for each made garbage of every record. */
const source: RowSource = {
  key: 0,
  amount: 0,
  position: 0,
  ordinal: 0,
  isLabel: false,
  view: new DataView(new ArrayBuffer(0)),
  from: 0,
}

/** An empty journal that begins as `bytes` do; the records are still to be folded, from `length` on. */
export function createJournal(options: NewJournal, bytes: Uint8Array): Journal {
  const { key, generation, allowedLatenessMs, slots, arena } = options
  const { buckets, newestMs } = readHeader(bytes)
  const start = HEADER_BYTES + buckets * BUCKET_BYTES
  const rows = Math.ceil((bytes.length - start) / RECORD_BYTES)
  const root = createRoot(arena, slots, rows > 0 ? rows + 1 : undefined)
  return {
    key,
    header: headerText(bytes),
    generation,
    allowedLatenessMs,
    arena,
    slots,
    root,
    size: 0,
    bytes: root.block.length * 8,
    users: 0,
    isCached: false,
    cachedBytes: 0,
    wasUsed: false,
    isReleased: false,
    length: start,
    records: 0,
    newest: -1,
    newestMs,
    buckets: buckets === 0 ? null : readBuckets(viewOf(bytes), HEADER_BYTES, buckets),
    idBits0: 0,
    idBits1: 0,
    idBits2: 0,
    idBits3: 0,
    index: null,
    labels: null,
    sliding: null,
    coalesceFrom: start + COALESCE_FROM * RECORD_BYTES,
  }
}

export function headerText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES).toString('latin1')
}

/** Folds the record at `at`, the journal's next one. Returns its ordinal, DUPLICATE or LATE. */
export function foldRecord(journal: Journal, view: DataView, at: number): Ordinal {
  requireHeld(journal)
  journal.length += RECORD_BYTES
  const ordinal = journal.records++
  const kind = readKind(view, at)
  if (kind >= FIRST_LABEL_KIND) return foldLabel(journal, view, at, ordinal)
  const low = readIdLow(view, at)
  const high = readIdHigh(view, at)
  if (hasId(journal, low, high)) return DUPLICATE
  const timeMs = readTimeMs(view, at)
  if (isLate(journal, timeMs)) return LATE
  addEvent(journal, view, at, ordinal)
  if (journal.index !== null) addIndexed(journal.index, ordinal, low, high, keyOf(kind, timeMs))
  else if (journal.size > LEAF_ROWS) buildIndex(journal)
  journal.newest = ordinal
  if (timeMs > journal.newestMs) journal.newestMs = timeMs
  return ordinal
}

/**
 * Folds the first records of a journal that has none yet, at most FIRST_RECORDS, which stand from `from` to `to`. It does what
 * `foldRecord` does, without a scan for each id, and no row is moved once it is written.
 */
export function foldFirst(journal: Journal, view: DataView, from: number, to: number): void {
  requireHeld(journal)
  const { allowedLatenessMs } = journal
  let { newestMs } = journal
  let rows = 0
  first.places.fill(0)
  for (let at = from, ordinal = 0; at < to; at += RECORD_BYTES, ordinal++) {
    const kind = readKind(view, at)
    const timeMs = readTimeMs(view, at)
    const place = placeOfFirst(view, from, at)
    if (first.places[place] !== 0 || timeMs < newestMs - allowedLatenessMs) continue
    first.places[place] = ordinal + 1
    if (timeMs > newestMs) newestMs = timeMs
    journal.newest = ordinal
    const key = keyOf(kind, timeMs)
    let row = rows++
    // Most come behind those of their kind already.
    for (; row > 0 && (first.keys[row - 1] ?? 0) > key; row--) {
      first.keys[row] = first.keys[row - 1] ?? 0
      first.ordinals[row] = first.ordinals[row - 1] ?? 0
    }
    first.keys[row] = key
    first.ordinals[row] = ordinal
  }
  for (let row = 0; row < rows; row++) {
    const ordinal = first.ordinals[row] ?? 0
    addEvent(journal, view, from + ordinal * RECORD_BYTES, ordinal)
  }
  journal.newestMs = newestMs
  journal.length += to - from
  journal.records += (to - from) / RECORD_BYTES
}

function requireHeld({ isReleased, key }: Journal): void {
  if (isReleased) throw new Error(`journal ${key} was given back`)
}

/** Where the id of the record at `at` stands in the table, or would stand. */
function placeOfFirst(view: DataView, from: number, at: number): number {
  const low = readIdLow(view, at)
  const high = readIdHigh(view, at)
  for (let place = low % FIRST_PLACES; ; place = (place + 1) % FIRST_PLACES) {
    const ordinal = (first.places[place] ?? 0) - 1
    if (ordinal < 0) return place
    const other = from + ordinal * RECORD_BYTES
    if (readIdLow(view, other) === low && readIdHigh(view, other) === high) return place
  }
}

/** Whether an event of this time comes too late for the journal as it is now. */
export function isLate({ newestMs, allowedLatenessMs }: Journal, timeMs: number): boolean {
  return timeMs < newestMs - allowedLatenessMs
}

/** Whether an event with this id counts in the journal. */
export function hasId(journal: Journal, low: number, high: number): boolean {
  if (journal.index !== null) return ordinalOfId(journal.index, low, high) >= 0
  if (!mayHoldId(journal, low)) return false
  return isLeaf(journal.root) && rowOfId(journal.root, strideOf(journal.slots), low, high) >= 0
}

/** The words of the set are taken one by one: an array of them would be one more object to fetch for each journal. */
function mayHoldId(journal: Journal, low: number): boolean {
  const bit = 1 << (low & 31)
  switch ((low >>> 5) & 3) {
    case 0:
      return (journal.idBits0 & bit) !== 0
    case 1:
      return (journal.idBits1 & bit) !== 0
    case 2:
      return (journal.idBits2 & bit) !== 0
    default:
      return (journal.idBits3 & bit) !== 0
  }
}

function noteId(journal: Journal, low: number): void {
  const bit = 1 << (low & 31)
  switch ((low >>> 5) & 3) {
    case 0:
      journal.idBits0 |= bit
      break
    case 1:
      journal.idBits1 |= bit
      break
    case 2:
      journal.idBits2 |= bit
      break
    default:
      journal.idBits3 |= bit
  }
}

/** Whether this very label is the one that counts for its event. */
export function hasLabel({ labels }: Journal, view: DataView, at: number): boolean {
  if (labels === null) return false
  const label = readLabel(view, at, 0)
  const known = labels.current.get(label.of)
  return known !== undefined && !isLater(label, known)
}

/** A record that counts, as windows need to know it. */
export interface Own {
  ordinal: Ordinal
  timeMs: number
  position: number
}

/** Finds the event's record; false when it does not count in the journal. */
export function findOwn(journal: Journal, low: number, high: number, own: Own): boolean {
  const stride = strideOf(journal.slots)
  if (journal.index === null) {
    if (!isLeaf(journal.root)) return false
    const row = rowOfId(journal.root, stride, low, high)
    if (row < 0) return false
    own.ordinal = ordinalAt(journal.root, row, stride)
    own.timeMs = timeOfKey(keyAt(journal.root, row, stride))
    own.position = positionAt(journal.root, row, stride)
    return true
  }
  const ordinal = ordinalOfId(journal.index, low, high)
  if (ordinal < 0) return false
  const key = journal.index.keys[ordinal] ?? Number.NaN
  own.ordinal = ordinal
  own.timeMs = timeOfKey(key)
  own.position = 0
  // Among the rows of its key it is the last one whose ordinal is not higher.
  const found: Cursor = { leaf: null, row: 0 }
  if (
    findLast(journal, { low: key - 1, high: key, ordinal, later: null }, false, found) &&
    found.leaf !== null
  ) {
    own.position = positionAt(found.leaf, found.row, stride)
  }
  return true
}

/** Gives the journal's memory back, if neither the cache nor a batch needs it any more. */
export function releaseIfUnused(journal: Journal): void {
  if (journal.isCached || journal.users > 0 || journal.isReleased) return
  // Whoever comes to it all the same gets an exception, not another journal's numbers.
  journal.isReleased = true
  for (const leaf of leavesOf(journal)) journal.arena.give(leaf.block)
}

/** Memory taken, in bytes, as near as it can be known. */
export function journalBytes(journal: Journal): number {
  const { bytes, index, labels, sliding, buckets } = journal
  let total = JOURNAL_OVERHEAD_BYTES + bytes + (buckets?.values.byteLength ?? 0)
  if (index !== null) total += indexBytes(index)
  if (labels !== null) total += labels.all.length * LABEL_BYTES
  if (sliding !== null) for (const { tally } of sliding.values()) total += tally.bytes()
  return total
}

/** Adds the row of the event whose record stands at `at`. */
function addEvent(journal: Journal, view: DataView, at: number, ordinal: Ordinal): void {
  source.key = keyOf(readKind(view, at), readTimeMs(view, at))
  source.amount = readAmountMinor(view, at)
  source.position = readPosition(view, at)
  source.ordinal = ordinal
  source.isLabel = false
  source.view = view
  source.from = at
  noteId(journal, readIdLow(view, at))
  add(journal, source)
}

function add(journal: Journal, row: RowSource): void {
  insertRow(journal, row)
  if (journal.sliding === null || row.isLabel) return
  for (const window of journal.sliding.values()) {
    noteRow(window, row.key, readCounterpart(row.view, row.from, journal.slots[window.column] ?? 0))
  }
}

function foldLabel(journal: Journal, view: DataView, at: number, ordinal: Ordinal): Ordinal {
  const label = readLabel(view, at, ordinal)
  journal.labels ??= { current: new Map(), all: [] }
  const { current, all } = journal.labels
  const known = current.get(label.of)
  // The one that counts came first, so this one never does.
  if (known !== undefined && !isLater(label, known)) return DUPLICATE
  if (known !== undefined) for (const key of keysOfLabel(known)) removeRow(journal, key, known.ordinal)
  current.set(label.of, label)
  all.push(label)
  for (const key of keysOfLabel(label)) {
    add(journal, { key, ordinal, amount: Number.NaN, position: 0, isLabel: true, view, from: at })
  }
  if (journal.index === null && journal.size > LEAF_ROWS) buildIndex(journal)
  journal.newest = ordinal
  return ordinal
}

/** By the time when it became known, and by the labelled event's. */
export function keysOfLabel({ kind, timeMs, eventMs }: Label): readonly [number, number] {
  return [keyOf(kind, timeMs), keyOf(atEventTime(kind), eventMs)]
}

/** From now on there is more than one leaf, so ids are looked up in a table. */
function buildIndex(journal: Journal): void {
  const stride = strideOf(journal.slots)
  const rows: { ordinal: number; low: number; high: number; key: number }[] = []
  for (const leaf of leavesOf(journal)) {
    const { words, at } = leaf.block
    for (let row = 0; row < leaf.size; row++) {
      const key = keyAt(leaf, row, stride)
      if (key >= keyOf(FIRST_LABEL_KIND, 0)) continue
      const word = (at + row * stride) * 2 + 4
      rows.push({
        ordinal: ordinalAt(leaf, row, stride),
        low: words[word] ?? 0,
        high: words[word + 1] ?? 0,
        key,
      })
    }
  }
  journal.index = createIdIndex(journal.records)
  for (const { ordinal, low, high, key } of rows.sort((a, b) => a.ordinal - b.ordinal)) {
    addIndexed(journal.index, ordinal, low, high, key)
  }
}
