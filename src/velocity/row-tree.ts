// The rows of one journal, sorted: one leaf while they are few, a tree of leaves with the totals of every branch when they are many.
// Guarantees O(log n) for an insert anywhere; row-range.ts asks for what is in it.
import type { Arena } from './arena.ts'
import {
  amountAt,
  closeRow,
  type CounterpartSlots,
  createLeaf,
  keyAt,
  LEAF_ROWS,
  type Leaf,
  openRow,
  ordinalAt,
  positionAt,
  type RowSource,
  rowsUpTo,
  strideOf,
  timeOfKey,
  writeRow,
} from './rows.ts'
import { addRow, addTotals, clearTotals, TOTALS } from './totals.ts'

const FANOUT = 64
/** Room of a new branch, in children: most journals with a branch have a few leaves, and room for 64 of them is 8 kB. */
const FIRST_FANOUT = 4

export interface Branch {
  readonly children: Node[]
  /** By child: its lowest and highest key, and its totals. Of an empty child the lowest is Infinity. */
  lows: Float64Array
  highs: Float64Array
  totals: Float64Array
}
export type Node = Leaf | Branch

export interface RowTree {
  readonly arena: Arena
  readonly slots: CounterpartSlots
  root: Node
  /** Rows in it. */
  size: number
  /** Memory of leaves and branches. */
  bytes: number
}

const BRANCH_BYTES = 400
const CHILD_BYTES = (TOTALS + 3) * 8
export const isLeaf = (node: Node): node is Leaf => 'block' in node

export function createRowTree(arena: Arena, slots: CounterpartSlots, rows?: number): RowTree {
  const root = createLeaf(arena, strideOf(slots), rows === undefined ? undefined : Math.min(rows, LEAF_ROWS))
  return { arena, slots, root, size: 0, bytes: root.block.length * 8 }
}

/** Adds a row behind those of the same key: its ordinal must be higher than theirs. */
export function insertRow(tree: RowTree, source: RowSource): void {
  const sibling = insertInto(tree, tree.root, source)
  tree.size++
  if (sibling === null) return
  const root = createBranch(tree)
  adopt(tree, root, 0, tree.root)
  adopt(tree, root, 1, sibling)
  tree.root = root
}

/** Takes out the row with this key and ordinal, if it is there. */
export function removeRow(tree: RowTree, key: number, ordinal: number): void {
  if (removeFrom(tree, tree.root, key, ordinal)) tree.size--
}

export function leavesOf(tree: RowTree): Leaf[] {
  const open: Node[] = [tree.root]
  const leaves: Leaf[] = []
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isLeaf(node)) leaves.push(node)
    else open.push(...node.children)
  }
  return leaves
}

/** Event time of the first row: the oldest of the lowest kind. NaN without rows. */
export function oldestMs({ root, slots }: RowTree): number {
  let node = root
  while (!isLeaf(node)) {
    const [first] = node.children
    if (first === undefined) return Number.NaN
    node = first
  }
  return node.size === 0 ? Number.NaN : timeOfKey(keyAt(node, 0, strideOf(slots)))
}

function createBranch(tree: RowTree): Branch {
  tree.bytes += BRANCH_BYTES + FIRST_FANOUT * CHILD_BYTES
  return {
    children: [],
    lows: new Float64Array(FIRST_FANOUT),
    highs: new Float64Array(FIRST_FANOUT),
    totals: new Float64Array(FIRST_FANOUT * TOTALS),
  }
}

/** Makes room for a child more, up to FANOUT. */
function widen(tree: RowTree, branch: Branch): void {
  const room = branch.lows.length
  if (branch.children.length < room) return
  tree.bytes += room * CHILD_BYTES
  branch.lows = copyOf(branch.lows, room * 2)
  branch.highs = copyOf(branch.highs, room * 2)
  branch.totals = copyOf(branch.totals, room * 2 * TOTALS)
}

function copyOf(values: Float64Array, length: number): Float64Array {
  const copy = new Float64Array(length)
  copy.set(values)
  return copy
}

/** Puts the child at `index`, and counts what is in it. */
function adopt(tree: RowTree, branch: Branch, index: number, child: Node): void {
  widen(tree, branch)
  branch.children[index] = child
  recount(tree, branch, index)
}

function recount({ slots }: RowTree, { children, lows, highs, totals }: Branch, index: number): void {
  const child = children[index]
  if (child === undefined) return
  const at = index * TOTALS
  clearTotals(totals, at)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  if (isLeaf(child)) {
    const stride = strideOf(slots)
    for (let row = 0; row < child.size; row++) {
      addRow(totals, at, amountAt(child, row, stride), positionAt(child, row, stride))
    }
    if (child.size > 0) {
      low = keyAt(child, 0, stride)
      high = keyAt(child, child.size - 1, stride)
    }
  } else {
    for (let i = 0; i < child.children.length; i++) {
      addTotals(totals, at, child.totals, i * TOTALS)
      low = Math.min(low, child.lows[i] ?? low)
      high = Math.max(high, child.highs[i] ?? high)
    }
  }
  lows[index] = low
  highs[index] = high
}

/** Returns the new right neighbour of the node when it had to be cut in two. */
function insertInto(tree: RowTree, node: Node, source: RowSource): Node | null {
  if (isLeaf(node)) return insertIntoLeaf(tree, node, source)
  const { children, lows, highs, totals } = node
  let index = children.length - 1
  while (index > 0 && !((lows[index] ?? 0) <= source.key)) index--
  const child = children[index]
  if (child === undefined) return null
  const sibling = insertInto(tree, child, source)
  if (sibling === null) {
    addRow(totals, index * TOTALS, source.amount, source.position)
    lows[index] = Math.min(lows[index] ?? 0, source.key)
    highs[index] = Math.max(highs[index] ?? 0, source.key)
    return null
  }
  recount(tree, node, index)
  return insertChild(tree, node, index + 1, sibling)
}

function insertIntoLeaf(tree: RowTree, leaf: Leaf, source: RowSource): Leaf | null {
  const stride = strideOf(tree.slots)
  const row = rowsUpTo(leaf, stride, source.key)
  if (leaf.size < LEAF_ROWS) {
    tree.bytes -= leaf.block.length * 8
    openRow(tree.arena, leaf, stride, row)
    tree.bytes += leaf.block.length * 8
    writeRow(leaf, row, tree.slots, source)
    return null
  }
  // At the end, where nearly every row comes, the full leaf stays full.
  const cut = row === leaf.size ? leaf.size : LEAF_ROWS / 2
  const right = createLeaf(tree.arena, stride, Math.max(1, leaf.size - cut))
  const { doubles, at } = leaf.block
  right.block.doubles.set(doubles.subarray(at + cut * stride, at + leaf.size * stride), right.block.at)
  right.size = leaf.size - cut
  leaf.size = cut
  tree.bytes += right.block.length * 8
  insertIntoLeaf(tree, row >= cut ? right : leaf, source)
  return right
}

function insertChild(tree: RowTree, branch: Branch, index: number, child: Node): Branch | null {
  const { children } = branch
  if (children.length < FANOUT) {
    widen(tree, branch)
    const { lows, highs, totals } = branch
    const { length } = children
    children.splice(index, 0, child)
    lows.copyWithin(index + 1, index, length)
    highs.copyWithin(index + 1, index, length)
    totals.copyWithin((index + 1) * TOTALS, index * TOTALS, length * TOTALS)
    recount(tree, branch, index)
    return null
  }
  const cut = index === FANOUT ? FANOUT : FANOUT / 2
  const right = createBranch(tree)
  for (const [i, moved] of children.splice(cut).entries()) adopt(tree, right, i, moved)
  if (index >= cut) insertChild(tree, right, index - cut, child)
  else insertChild(tree, branch, index, child)
  return right
}

function removeFrom(tree: RowTree, node: Node, key: number, ordinal: number): boolean {
  if (isLeaf(node)) {
    const stride = strideOf(tree.slots)
    for (let row = rowsUpTo(node, stride, key) - 1; row >= 0 && keyAt(node, row, stride) === key; row--) {
      if (ordinalAt(node, row, stride) !== ordinal) continue
      closeRow(node, stride, row)
      return true
    }
    return false
  }
  for (const [index, child] of node.children.entries()) {
    if (!((node.lows[index] ?? 0) <= key && key <= (node.highs[index] ?? 0))) continue
    if (!removeFrom(tree, child, key, ordinal)) continue
    recount(tree, node, index)
    return true
  }
  return false
}
