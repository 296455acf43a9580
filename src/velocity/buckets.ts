// Buckets: what is left of records that are older than every window with exact edges. Each stands for the records of one kind in
// one step of a grid; no window that can still be asked for cuts one, so that it counts as a whole or not at all.
//
//   bucket = last kind level first count known min max sum squares        ; 64 bytes, little-endian
//   last   = u48                                                          ; time of its last record, epoch milliseconds
//   kind   = u8
//   level  = u8                                                           ; log2 of its grid step in milliseconds
//   first  = u32                                                          ; milliseconds from its first record to its last
//   count  = u32
//   known  = u32                                                          ; how many have a known amount
//   min    = f64                                                          ; base minor units; Infinity when none is known
//   max    = f64
//   sum    = 3u32                                                         ; lowest word first
//   squares = 4u32
import { BUCKET_BYTES, readU48, writeU48 } from './journal-codec.ts'
import { SQUARE_LIMBS, SUM_LIMBS } from './exact-sum.ts'
import { keyOf } from './rows.ts'
import {
  addTotals,
  countOf,
  createTotals,
  knownOf,
  maxOf,
  minOf,
  setBounds,
  SQUARES_AT,
  SUM_AT,
  TOTALS,
} from './totals.ts'

/** The buckets of a journal, sorted by (kind, time). Doubles of each: key of its first and of its last record, totals. */
export interface Buckets {
  readonly size: number
  readonly values: Float64Array
}

const FIRST = 0
const LAST = 1
const TOTALS_AT = 2
const STRIDE = TOTALS_AT + TOTALS

/** One bucket while a journal is coalesced. */
export interface Bucket {
  readonly kind: number
  readonly level: number
  firstMs: number
  lastMs: number
  readonly totals: Float64Array
}

/** Reads the `count` buckets that stand at `at`. */
export function readBuckets(view: DataView, at: number, count: number): Buckets {
  const values = new Float64Array(count * STRIDE)
  for (let i = 0; i < count; i++) {
    const from = at + i * BUCKET_BYTES
    values[i * STRIDE + FIRST] = keyOf(readKind(view, from), readFirstMs(view, from))
    values[i * STRIDE + LAST] = keyOf(readKind(view, from), readLastMs(view, from))
    readTotals(view, from, values, i * STRIDE + TOTALS_AT)
  }
  return { size: count, values }
}

const readLastMs = (view: DataView, at: number): number => readU48(view, at)
const readFirstMs = (view: DataView, at: number): number =>
  readLastMs(view, at) - view.getUint32(at + 8, true)
const readKind = (view: DataView, at: number): number => view.getUint8(at + 6)

function readTotals(view: DataView, at: number, totals: Float64Array, to: number): void {
  setBounds(totals, to, {
    count: view.getUint32(at + 12, true),
    known: view.getUint32(at + 16, true),
    min: view.getFloat64(at + 20, true),
    max: view.getFloat64(at + 28, true),
  })
  for (let i = 0; i < SUM_LIMBS; i++) totals[to + SUM_AT + i] = view.getUint32(at + 36 + i * 4, true)
  for (let i = 0; i < SQUARE_LIMBS; i++) totals[to + SQUARES_AT + i] = view.getUint32(at + 48 + i * 4, true)
}

export function readBucket(view: DataView, at: number): Bucket {
  const totals = createTotals()
  readTotals(view, at, totals, 0)
  return {
    kind: readKind(view, at),
    level: view.getUint8(at + 7),
    firstMs: readFirstMs(view, at),
    lastMs: readLastMs(view, at),
    totals,
  }
}

export function writeBucket(
  view: DataView,
  at: number,
  { kind, level, firstMs, lastMs, totals }: Bucket,
): void {
  writeU48(view, at, lastMs)
  view.setUint8(at + 6, kind)
  view.setUint8(at + 7, level)
  view.setUint32(at + 8, lastMs - firstMs, true)
  view.setUint32(at + 12, countOf(totals), true)
  view.setUint32(at + 16, knownOf(totals), true)
  view.setFloat64(at + 20, minOf(totals), true)
  view.setFloat64(at + 28, maxOf(totals), true)
  for (let i = 0; i < SUM_LIMBS; i++) view.setUint32(at + 36 + i * 4, totals[SUM_AT + i] ?? 0, true)
  for (let i = 0; i < SQUARE_LIMBS; i++) view.setUint32(at + 48 + i * 4, totals[SQUARES_AT + i] ?? 0, true)
}

/** Adds the buckets with keys in (low, high] to `totals`. */
export function collectBuckets(
  { size, values }: Buckets,
  low: number,
  high: number,
  totals: Float64Array,
): void {
  for (let i = firstAfter(values, size, low); i < size; i++) {
    if ((values[i * STRIDE + LAST] ?? 0) > high) return
    addTotals(totals, 0, values, i * STRIDE + TOTALS_AT)
  }
}

/** Key of the first record in (low, high]; NaN when there is none. */
export function firstKeyIn({ size, values }: Buckets, low: number, high: number): number {
  const i = firstAfter(values, size, low)
  const key = i < size ? (values[i * STRIDE + FIRST] ?? Number.NaN) : Number.NaN
  return key <= high ? key : Number.NaN
}

/** Key of the last record in (low, high]; NaN when there is none. */
export function lastKeyIn({ size, values }: Buckets, low: number, high: number): number {
  const i = firstAfter(values, size, high) - 1
  const key = i >= 0 ? (values[i * STRIDE + LAST] ?? Number.NaN) : Number.NaN
  return key > low ? key : Number.NaN
}

/** Index of the first bucket whose last record has a key above `key`. */
function firstAfter(values: Float64Array, size: number, key: number): number {
  let from = 0
  let to = size
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((values[middle * STRIDE + LAST] ?? 0) <= key) from = middle + 1
    else to = middle
  }
  return from
}
