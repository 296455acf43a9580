// Rows: the records of a journal as windows read them, in leaves sorted by (kind, event time, ordinal).
//
//   row = key f64 · amount f64 · id u32 u32 · ordinal u32 · position u32 · one f64 for each counterpart that a window counts
//
// A key holds kind and time in one number, so that the records of one kind in a stretch of time stand next to each other.
import type { Arena, Block } from './arena.ts'
import { readCounterpart, readIdHigh, readIdLow } from './journal-codec.ts'

/** Doubles of a row before its counterparts. */
const FIXED = 4
/** Times are below this: 48 bits. With 5 bits of kind a key is exact. */
const KIND = 2 ** 48
/** A leaf with more rows is cut in two. */
export const LEAF_ROWS = 128
const FIRST_ROWS = 3

/** Which of a record's four counterparts rows keep, as slots in ascending order. */
export type CounterpartSlots = readonly number[]

export interface Leaf {
  block: Block
  size: number
}

export const keyOf = (kind: number, timeMs: number): number => kind * KIND + timeMs
export const timeOfKey = (key: number): number => key % KIND
export const strideOf = (slots: CounterpartSlots): number => FIXED + slots.length

export function createLeaf(arena: Arena, stride: number, rows = FIRST_ROWS): Leaf {
  return { block: arena.take(rows * stride), size: 0 }
}

export function keyAt({ block }: Leaf, row: number, stride: number): number {
  return block.doubles[block.at + row * stride] ?? 0
}

export function amountAt({ block }: Leaf, row: number, stride: number): number {
  return block.doubles[block.at + row * stride + 1] ?? 0
}

export function ordinalAt({ block }: Leaf, row: number, stride: number): number {
  return block.words[(block.at + row * stride) * 2 + 6] ?? 0
}

export function positionAt({ block }: Leaf, row: number, stride: number): number {
  return block.words[(block.at + row * stride) * 2 + 7] ?? 0
}

/** The counterpart in `column` (an index into the slots); 0 when the record has none. */
export function counterpartAt({ block }: Leaf, row: number, stride: number, column: number): number {
  return block.doubles[block.at + row * stride + FIXED + column] ?? 0
}

/** The row with this id, or -1. */
export function rowOfId({ block, size }: Leaf, stride: number, low: number, high: number): number {
  const { words } = block
  let at = block.at * 2 + 4
  for (let row = 0; row < size; row++, at += stride * 2) {
    if (words[at] === low && words[at + 1] === high) return row
  }
  return -1
}

/** How many rows have a key of at most `key`. */
export function rowsUpTo({ block, size }: Leaf, stride: number, key: number): number {
  const { doubles, at } = block
  if (size === 0 || (doubles[at + (size - 1) * stride] ?? 0) <= key) return size
  let low = 0
  let high = size - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((doubles[at + middle * stride] ?? 0) <= key) low = middle + 1
    else high = middle
  }
  return low
}

/** Makes room for one row at `row`, in a larger block where there is none left. */
export function openRow(arena: Arena, leaf: Leaf, stride: number, row: number): void {
  if ((leaf.size + 1) * stride > leaf.block.length) {
    const old = leaf.block
    leaf.block = arena.take((leaf.size + 1) * stride)
    leaf.block.doubles.set(old.doubles.subarray(old.at, old.at + leaf.size * stride), leaf.block.at)
    arena.give(old)
  }
  const { doubles, at } = leaf.block
  if (row < leaf.size) doubles.copyWithin(at + (row + 1) * stride, at + row * stride, at + leaf.size * stride)
  leaf.size++
}

export function closeRow(leaf: Leaf, stride: number, row: number): void {
  const { doubles, at } = leaf.block
  doubles.copyWithin(at + row * stride, at + (row + 1) * stride, at + leaf.size * stride)
  leaf.size--
}

/** Writes the record that stands at `from` into a row. */
export function writeRow(leaf: Leaf, row: number, slots: CounterpartSlots, record: RowSource): void {
  const { view, from } = record
  const { doubles, words } = leaf.block
  const at = leaf.block.at + row * strideOf(slots)
  doubles[at] = record.key
  doubles[at + 1] = record.amount
  words[at * 2 + 4] = readIdLow(view, from)
  words[at * 2 + 5] = readIdHigh(view, from)
  words[at * 2 + 6] = record.ordinal
  words[at * 2 + 7] = record.position
  let column = at + FIXED
  // A label's record has something else where others have counterparts.
  for (const slot of slots) doubles[column++] = record.isLabel ? 0 : readCounterpart(view, from, slot)
}

export interface RowSource {
  key: number
  /** NaN when unknown. */
  amount: number
  /** 0 when unknown. */
  position: number
  ordinal: number
  isLabel: boolean
  view: DataView
  from: number
}
