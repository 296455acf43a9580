// Questions about a stretch of a journal's rows, as of now or as of an earlier record: totals, each row, the first, the last.
// Guarantees O(log n) for totals, the first and the last, as long as the rows that came later are few enough to be listed.
import { isLeaf, type Node, type RowTree } from './row-tree.ts'
import { amountAt, type Leaf, ordinalAt, positionAt, rowsUpTo, strideOf } from './rows.ts'
import { addRow, addTotals, positionsOf, TOTALS } from './totals.ts'

/** Rows with a key in (low, high] whose ordinal is at most `ordinal`. */
export interface RowRange {
  low: number
  high: number
  ordinal: number
  /** Keys of the rows with a higher ordinal, sorted; empty when there are none, null when they were too many to list. */
  later: Float64Array | null
}

/** Adds the rows of the range to `totals`; without `amounts` their number alone. */
export function collect(tree: RowTree, range: RowRange, amounts: boolean, totals: Float64Array): void {
  collectFrom(tree.root, strideOf(tree.slots), range, amounts, totals)
}

/** Visits the rows of the range in order. */
export function eachRow(tree: RowTree, range: RowRange, visit: (leaf: Leaf, row: number) => void): void {
  eachFrom(tree.root, strideOf(tree.slots), range, visit)
}

/** A place among the rows. */
export interface Cursor {
  leaf: Leaf | null
  row: number
}

/** The first row of the range. */
export function findFirst(tree: RowTree, range: RowRange, found: Cursor): boolean {
  return search(tree.root, strideOf(tree.slots), range, { forward: true, positioned: false }, found)
}

/** The last row of the range; with `positioned`, the last one that has a position. */
export function findLast(tree: RowTree, range: RowRange, positioned: boolean, found: Cursor): boolean {
  return search(tree.root, strideOf(tree.slots), range, { forward: false, positioned }, found)
}

/** True when every row between the keys belongs to the range, so that their totals are the range's. */
function isWhole(low: number, high: number, range: RowRange): boolean {
  if (!(low > range.low && high <= range.high) || range.later === null) return false
  const { later } = range
  let from = 0
  let to = later.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((later[middle] ?? 0) < low) from = middle + 1
    else to = middle
  }
  return !((later[from] ?? Number.POSITIVE_INFINITY) <= high)
}

function collectFrom(
  node: Node,
  stride: number,
  range: RowRange,
  amounts: boolean,
  totals: Float64Array,
): void {
  if (isLeaf(node)) return collectRows(node, stride, range, amounts, totals)
  const { children, lows, highs } = node
  for (let index = 0; index < children.length; index++) {
    const [low = 0, high = 0] = [lows[index], highs[index]]
    if (!(low <= range.high && high > range.low)) continue
    const child = children[index]
    if (isWhole(low, high, range)) addTotals(totals, 0, node.totals, index * TOTALS)
    else if (child !== undefined) collectFrom(child, stride, range, amounts, totals)
  }
}

function collectRows(
  leaf: Leaf,
  stride: number,
  range: RowRange,
  amounts: boolean,
  totals: Float64Array,
): void {
  const from = rowsUpTo(leaf, stride, range.low)
  const to = rowsUpTo(leaf, stride, range.high)
  const all = range.ordinal === Number.POSITIVE_INFINITY
  if (all && !amounts) {
    totals[0] = (totals[0] ?? 0) + to - from
    return
  }
  for (let row = from; row < to; row++) {
    if (all || ordinalAt(leaf, row, stride) <= range.ordinal)
      addRow(totals, 0, amountAt(leaf, row, stride), 0)
  }
}

function eachFrom(
  node: Node,
  stride: number,
  range: RowRange,
  visit: (leaf: Leaf, row: number) => void,
): void {
  if (isLeaf(node)) {
    const to = rowsUpTo(node, stride, range.high)
    for (let row = rowsUpTo(node, stride, range.low); row < to; row++) {
      if (ordinalAt(node, row, stride) <= range.ordinal) visit(node, row)
    }
    return
  }
  const { children, lows, highs } = node
  for (let index = 0; index < children.length; index++) {
    const child = children[index]
    const inside = (lows[index] ?? 0) <= range.high && (highs[index] ?? 0) > range.low
    if (inside && child !== undefined) eachFrom(child, stride, range, visit)
  }
}

interface Wanted {
  readonly forward: boolean
  readonly positioned: boolean
}

function search(node: Node, stride: number, range: RowRange, wanted: Wanted, found: Cursor): boolean {
  if (isLeaf(node)) return searchLeaf(node, stride, range, wanted, found)
  const { children, lows, highs, totals } = node
  for (let step = 0; step < children.length; step++) {
    const index = wanted.forward ? step : children.length - 1 - step
    const child = children[index]
    const inside = (lows[index] ?? 0) <= range.high && (highs[index] ?? 0) > range.low
    if (!inside || child === undefined) continue
    if (wanted.positioned && positionsOf(totals, index * TOTALS) === 0) continue
    if (search(child, stride, range, wanted, found)) return true
  }
  return false
}

function searchLeaf(leaf: Leaf, stride: number, range: RowRange, wanted: Wanted, found: Cursor): boolean {
  const from = rowsUpTo(leaf, stride, range.low)
  const to = rowsUpTo(leaf, stride, range.high)
  for (let step = 0; step < to - from; step++) {
    const row = wanted.forward ? from + step : to - 1 - step
    if (ordinalAt(leaf, row, stride) > range.ordinal) continue
    if (wanted.positioned && positionAt(leaf, row, stride) === 0) continue
    found.leaf = leaf
    found.row = row
    return true
  }
  return false
}
