// The cached journal of one entity: its records folded, in journal order, into what windows need.
// Guarantees that what it holds depends on the folded bytes alone; that a second record with the same id changes nothing; and
// that a record which was too late at its place changes nothing.
import type { Arena } from './arena.ts'
import { type Buckets, readBuckets } from './buckets.ts'
import { noteRow, type SlidingDistinct } from './distinct.ts'
import { FIRST_LABEL_KIND } from './entity.ts'
import { type IdBits, mayHoldId, noteId } from './id-bits.ts'
import { addIndexed, createIdIndex, type IdIndex, indexBytes, ordinalOfId } from './id-index.ts'
import {
  HEADER_BYTES,
  headerText,
  RECORD_BYTES,
  readAmountMinor,
  readCounterpart,
  readHeader,
  readIdHigh,
  readIdLow,
  readKind,
  readPosition,
  readTimeMs,
  recordsStart,
  viewOf,
} from './journal-codec.ts'
import { isLater, keysOfLabel, type Labels, readLabel } from './labels.ts'
import { type Cursor, findLast } from './row-range.ts'
import { createRowTree, insertRow, isLeaf, leavesOf, removeRow, type RowTree } from './row-tree.ts'
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

export interface Journal extends RowTree, IdBits {
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
  const start = recordsStart(bytes)
  const rows = Math.ceil((bytes.length - start) / RECORD_BYTES)
  const tree = createRowTree(arena, slots, rows > 0 ? rows + 1 : undefined)
  // Written out: an object that others were spread into keeps its properties apart, and each use of one costs an access more.
  return {
    key,
    header: headerText(bytes),
    generation,
    allowedLatenessMs,
    arena,
    slots,
    root: tree.root,
    size: tree.size,
    bytes: tree.bytes,
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

/** Folds the record at `at`, the journal's next one. Returns its ordinal, DUPLICATE or LATE. */
export function foldRecord(journal: Journal, view: DataView, at: number): Ordinal {
  requireHeld(journal)
  journal.length += RECORD_BYTES
  const ordinal = journal.records++
  if (readKind(view, at) >= FIRST_LABEL_KIND) return foldLabel(journal, view, at, ordinal)
  const low = readIdLow(view, at)
  const high = readIdHigh(view, at)
  if (hasId(journal, low, high)) return DUPLICATE
  const timeMs = readTimeMs(view, at)
  if (isLate(journal, timeMs)) return LATE
  const key = addEvent(journal, view, at, ordinal)
  if (journal.index !== null) addIndexed(journal.index, ordinal, low, high, key)
  else if (journal.size > LEAF_ROWS) buildIndex(journal)
  journal.newest = ordinal
  if (timeMs > journal.newestMs) journal.newestMs = timeMs
  return ordinal
}

/** Throws where another journal may have the memory by now. */
export function requireHeld({ isReleased, key }: Journal): void {
  if (isReleased) throw new Error(`journal ${key} was given back`)
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

/** Adds the row of an event that counts, whose record stands at `at`; returns its key. */
export function addEvent(journal: Journal, view: DataView, at: number, ordinal: Ordinal): number {
  source.key = keyOf(readKind(view, at), readTimeMs(view, at))
  source.amount = readAmountMinor(view, at)
  source.position = readPosition(view, at)
  source.ordinal = ordinal
  source.isLabel = false
  source.view = view
  source.from = at
  noteId(journal, readIdLow(view, at))
  add(journal, source)
  return source.key
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
