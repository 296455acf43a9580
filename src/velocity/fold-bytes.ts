// Folding a stretch of a stored journal into its cached form: a journal that was not cached at once, what others wrote record by record.
import { FIRST_LABEL_KIND } from './entity.ts'
import { addEvent, foldRecord, isLate, type Journal, requireHeld } from './journal.ts'
import { RECORD_BYTES, readIdHigh, readIdLow, readKind, readTimeMs, viewOf } from './journal-codec.ts'
import { keyOf, LEAF_ROWS } from './rows.ts'

/** What is folded at once at most: the rows of one leaf, so that there is no index of ids yet. */
const FIRST_RECORDS = LEAF_ROWS
const FIRST_PLACES = 256
/** Used by one fold after the other, which ends before anything else runs. */
const first = {
  /** Ordinal + 1 at the place that its id says, or behind it; else 0. */
  places: new Uint8Array(FIRST_PLACES),
  /** In the order of the rows. */
  keys: new Float64Array(FIRST_RECORDS),
  ordinals: new Uint8Array(FIRST_RECORDS),
}

/** Folds the records of `bytes`, which stand at `start` in the stored journal, from where the journal is. */
export function foldBytes(journal: Journal, start: number, bytes: Uint8Array): void {
  const view = viewOf(bytes)
  let at = journal.length - start
  if (journal.records === 0) {
    const end = endOfFirst(view, at)
    foldFirst(journal, view, at, end)
    at = end
  }
  for (; at < bytes.length; at += RECORD_BYTES) foldRecord(journal, view, at)
}

/** The end of what `foldFirst` takes: no label, which may take the place of another one. */
function endOfFirst(view: DataView, from: number): number {
  const most = Math.min(view.byteLength, from + FIRST_RECORDS * RECORD_BYTES)
  let at = from
  while (at < most && readKind(view, at) < FIRST_LABEL_KIND) at += RECORD_BYTES
  return at
}

/**
 * Folds the first records of a journal that has none yet, which stand from `from` to `to`. It does what `foldRecord` does, without a
 * scan for each id, and no row is moved once it is written.
 */
function foldFirst(journal: Journal, view: DataView, from: number, to: number): void {
  requireHeld(journal)
  let rows = 0
  first.places.fill(0)
  for (let at = from, ordinal = 0; at < to; at += RECORD_BYTES, ordinal++) {
    const timeMs = readTimeMs(view, at)
    const place = placeOf(view, from, at)
    if (first.places[place] !== 0 || isLate(journal, timeMs)) continue
    first.places[place] = ordinal + 1
    journal.newest = ordinal
    if (timeMs > journal.newestMs) journal.newestMs = timeMs
    const key = keyOf(readKind(view, at), timeMs)
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
  journal.length += to - from
  journal.records += (to - from) / RECORD_BYTES
}

/** Where the id of the record at `at` stands in the table, or would stand. */
function placeOf(view: DataView, from: number, at: number): number {
  const low = readIdLow(view, at)
  const high = readIdHigh(view, at)
  for (let place = low % FIRST_PLACES; ; place = (place + 1) % FIRST_PLACES) {
    const ordinal = (first.places[place] ?? 0) - 1
    if (ordinal < 0) return place
    const other = from + ordinal * RECORD_BYTES
    if (readIdLow(view, other) === low && readIdHigh(view, other) === high) return place
  }
}
