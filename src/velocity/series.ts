// The records of one kind in one journal, sorted by (event time, ordinal), with running sums.
// Rows in one buffer: a typed array for each column costs 200 bytes before its first number.
//
//   row = time f64 · sum f64 · ordinal u32 · known u32 · one f64 for each counterpart that a window counts
//
// `sum` and `known` count up to and including the row. Amounts are whole numbers, so sums are exact and do not depend on the
// order in which records were added: sum holds amounts modulo 2^32, and `high` the rest divided by 2^32 once there is any.
import type { Block, BlockPool } from './block-pool.ts'
import { AMOUNT_UNKNOWN, readAmountMinor, readCounterpart, readFlags, readTimeMs } from './journal-codec.ts'

/** Doubles of a row before its counterparts. */
const FIXED = 3
const LIMB = 0x1_0000_0000

/** Which of a record's four counterparts rows keep, as slots in ascending order. */
export type CounterpartSlots = readonly number[]

export interface Series {
  readonly pool: BlockPool
  readonly kind: number
  /** Doubles in a row. */
  readonly stride: number
  size: number
  rows: Block
  /** Running sum of the amounts' parts above 2^32, by row; null while there are none. */
  high: Float64Array | null
}

/** An empty series with room for `capacity` rows, which keep `counterparts` values each. */
export function createSeries(pool: BlockPool, kind: number, counterparts: number, capacity: number): Series {
  const stride = FIXED + counterparts
  return { pool, kind, stride, size: 0, rows: pool.take(capacity * stride), high: null }
}

/** Adds the record at `at`. Amortised O(1) when no row is later, else linear in the rows that are. Returns its row. */
export function addRecord(
  series: Series,
  view: DataView,
  at: number,
  ordinal: number,
  slots: CounterpartSlots,
): number {
  const known = (readFlags(view, at) & AMOUNT_UNKNOWN) === 0
  const row = insert(series, readTimeMs(view, at), ordinal, known ? readAmountMinor(view, at) : Number.NaN)
  const { doubles } = series.rows
  let column = row * series.stride + FIXED
  for (const slot of slots) doubles[column++] = readCounterpart(view, at, slot)
  return row
}

/** The rows with an ordinal of at most `ordinal`, as they were when that was the newest. */
export function seriesUpTo(series: Series, ordinal: number): Series {
  const { stride } = series
  const { doubles } = series.rows
  const prefix = createSeries(series.pool, series.kind, stride - FIXED, series.size)
  for (let row = 0; row < series.size; row++) {
    if (ordinalAt(series, row) > ordinal) continue
    const amount = knownBetween(series, row, row + 1) === 1 ? sumBetween(series, row, row + 1) : Number.NaN
    const target = insert(prefix, timeAt(series, row), ordinalAt(series, row), amount)
    const counterparts = doubles.subarray(row * stride + FIXED, (row + 1) * stride)
    prefix.rows.doubles.set(counterparts, target * stride + FIXED)
  }
  return prefix
}

/** Makes room for `rows` rows in all, where there is less. */
export function reserveRows(series: Series, rows: number): void {
  const old = series.rows
  if (rows * series.stride <= old.doubles.length) return
  series.rows = series.pool.take(rows * series.stride)
  series.rows.doubles.set(old.doubles.subarray(0, series.size * series.stride))
  series.pool.give(old)
}

/** How many rows have a time of at most `timeMs`. */
export function rowsUpTo(series: Series, timeMs: number): number {
  const { stride } = series
  const { doubles } = series.rows
  let low = 0
  let high = series.size
  if (high === 0 || (doubles[(high - 1) * stride] ?? 0) <= timeMs) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((doubles[middle * stride] ?? 0) <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}

export function timeAt({ rows, stride }: Series, row: number): number {
  return rows.doubles[row * stride] ?? 0
}

export function ordinalAt({ rows, stride }: Series, row: number): number {
  return rows.words[row * stride * 2 + 4] ?? 0
}

/** Sum of the known amounts of rows [from, to), rounded once where it exceeds 2^53. */
export function sumBetween(series: Series, from: number, to: number): number {
  const low = sumBefore(series, to) - sumBefore(series, from)
  const { high } = series
  if (high === null) return low
  return ((high[to - 1] ?? 0) - (high[from - 1] ?? 0)) * LIMB + low
}

/** How many of the rows [from, to) have a known amount. */
export function knownBetween(series: Series, from: number, to: number): number {
  return knownBefore(series, to) - knownBefore(series, from)
}

/** The counterpart in `column` (an index into the slots) of the row; 0 when it has none. */
export function counterpartAt({ rows, stride }: Series, row: number, column: number): number {
  return rows.doubles[row * stride + FIXED + column] ?? 0
}

export function seriesBytes(series: Series): number {
  return series.rows.doubles.byteLength + (series.high?.byteLength ?? 0)
}

function sumBefore({ rows, stride }: Series, row: number): number {
  return row === 0 ? 0 : (rows.doubles[(row - 1) * stride + 1] ?? 0)
}

function knownBefore({ rows, stride }: Series, row: number): number {
  return row === 0 ? 0 : (rows.words[(row - 1) * stride * 2 + 5] ?? 0)
}

/** Makes a row behind those of the same time and carries its amount into the sums. Returns its index; counterparts are still to be set. */
function insert(series: Series, timeMs: number, ordinal: number, amountMinor: number): number {
  const row = rowsUpTo(series, timeMs)
  const known = Number.isNaN(amountMinor) ? 0 : 1
  const amountHigh = known === 0 ? 0 : Math.floor(amountMinor / LIMB)
  const amountLow = known === 0 ? 0 : amountMinor - amountHigh * LIMB
  const sum = sumBefore(series, row) + amountLow
  const knowns = knownBefore(series, row) + known
  makeRoom(series, row, amountHigh !== 0)
  const { high, stride } = series
  const { doubles, words } = series.rows
  doubles[row * stride] = timeMs
  doubles[row * stride + 1] = sum
  words[row * stride * 2 + 4] = ordinal
  words[row * stride * 2 + 5] = knowns
  if (high !== null) high[row] = (high[row - 1] ?? 0) + amountHigh
  for (let later = row + 1; later < series.size; later++) {
    doubles[later * stride + 1] = (doubles[later * stride + 1] ?? 0) + amountLow
    words[later * stride * 2 + 5] = (words[later * stride * 2 + 5] ?? 0) + known
    if (high !== null) high[later] = (high[later] ?? 0) + amountHigh
  }
  return row
}

/** Moves the rows from `row` on back by one, in a larger buffer where there is no place left. */
function makeRoom(series: Series, row: number, needsHigh: boolean): void {
  const { size, stride } = series
  // A quarter more each time: amortised O(1), and little is left empty.
  if ((size + 1) * stride > series.rows.doubles.length) reserveRows(series, size + 1 + ((size + 3) >> 2))
  const capacity = Math.floor(series.rows.doubles.length / stride)
  if (series.high === null ? needsHigh : series.high.length < capacity) {
    const larger = new Float64Array(capacity)
    larger.set(series.high?.subarray(0, size) ?? [])
    series.high = larger
  }
  if (row < size) {
    series.rows.doubles.copyWithin((row + 1) * stride, row * stride, size * stride)
    series.high?.copyWithin(row + 1, row, size)
  }
  series.size = size + 1
}
