// Distinct counterparts of a window: by a table that is made anew for each count where rows are few, and by one that moves along with
// the window where they are many.
import { counterpartAt, strideOf } from './rows.ts'
import { eachRow, type RowRange } from './row-range.ts'
import { type RowTree } from './row-tree.ts'

/** How often each counterpart occurs; counterparts are 48-bit hashes above 0. */
export interface Tally {
  add(hash48: number): void
  remove(hash48: number): void
  /** Different ones. */
  distinct(): number
  clear(): void
  bytes(): number
}

const LEAST = 64

export function createTally(): Tally {
  let hashes = new Float64Array(LEAST)
  let counts = new Uint32Array(LEAST)
  let taken = 0
  let distinct = 0

  function placeOf(hash48: number): number {
    const mask = hashes.length - 1
    let place = hash48 & mask
    while (hashes[place] !== 0 && hashes[place] !== hash48) place = (place + 1) & mask
    return place
  }

  /** Twice the room, or the same room without those that are gone. */
  function grow(): void {
    const [oldHashes, oldCounts] = [hashes, counts]
    const length = distinct * 2 > hashes.length ? hashes.length * 2 : hashes.length
    hashes = new Float64Array(length)
    counts = new Uint32Array(length)
    taken = distinct
    for (const [i, hash48] of oldHashes.entries()) {
      if (oldCounts[i] === 0) continue
      const place = placeOf(hash48)
      hashes[place] = hash48
      counts[place] = oldCounts[i] ?? 0
    }
  }

  return {
    add(hash48) {
      if (hash48 === 0) return
      const place = placeOf(hash48)
      if (hashes[place] === 0) {
        hashes[place] = hash48
        taken++
      }
      if (counts[place] === 0) distinct++
      counts[place] = (counts[place] ?? 0) + 1
      if (taken * 4 > hashes.length * 3) grow()
    },
    remove(hash48) {
      if (hash48 === 0) return
      const place = placeOf(hash48)
      const left = (counts[place] ?? 0) - 1
      counts[place] = left
      if (left === 0) distinct--
    },
    distinct: () => distinct,
    clear() {
      hashes.fill(0)
      counts.fill(0)
      taken = 0
      distinct = 0
    },
    bytes: () => hashes.byteLength + counts.byteLength,
  }
}

/** Counts the different counterparts of a range, none (0) left out, in one walk over its rows. */
export function createDistinctCounter(): (tree: RowTree, range: RowRange, column: number) => number {
  let tally = createTally()
  return (tree, range, column) => {
    const stride = strideOf(tree.slots)
    eachRow(tree, range, (leaf, row) => tally.add(counterpartAt(leaf, row, stride, column)))
    const distinct = tally.distinct()
    // One busy merchant must not make every later count clear a large table.
    if (tally.bytes() > 65_536) tally = createTally()
    else tally.clear()
    return distinct
  }
}

/** A window's tally over the rows of one journal that moves with the window: amortised O(1) for rows that are left behind or reached. */
export interface SlidingDistinct {
  readonly column: number
  readonly tally: Tally
  low: number
  high: number
}

export function createSlidingDistinct(column: number): SlidingDistinct {
  return { column, tally: createTally(), low: 0, high: 0 }
}

/** To be told of every row that is added to the journal afterwards. */
export function noteRow(window: SlidingDistinct, key: number, hash48: number): void {
  if (key > window.low && key <= window.high) window.tally.add(hash48)
}

/** The number for the range. Moves the window there. */
export function slideTo(window: SlidingDistinct, tree: RowTree, range: RowRange): number {
  const { tally, column } = window
  const stride = strideOf(tree.slots)
  const walk = (low: number, high: number, visit: (hash48: number) => void): void => {
    if (!(low < high)) return
    eachRow(tree, { low, high, ordinal: Number.POSITIVE_INFINITY, later: null }, (leaf, row) =>
      visit(counterpartAt(leaf, row, stride, column)),
    )
  }
  if (range.low >= window.high || range.high <= window.low) {
    tally.clear()
    walk(range.low, range.high, tally.add)
  } else {
    walk(window.high, range.high, tally.add)
    walk(range.low, window.low, tally.add)
    walk(range.high, window.high, tally.remove)
    walk(window.low, range.low, tally.remove)
  }
  window.low = range.low
  window.high = range.high
  return withoutLater(window, tree, range, walk)
}

/** Rows that came later than the range allows are taken out for a moment. */
function withoutLater(
  { tally, column }: SlidingDistinct,
  tree: RowTree,
  range: RowRange,
  walk: (low: number, high: number, visit: (hash48: number) => void) => void,
): number {
  if (range.ordinal === Number.POSITIVE_INFINITY) return tally.distinct()
  const taken: number[] = []
  const stride = strideOf(tree.slots)
  const kept = createTally()
  if (range.later === null) {
    // Too many to take out one by one.
    eachRow(tree, range, (leaf, row) => kept.add(counterpartAt(leaf, row, stride, column)))
    return kept.distinct()
  }
  let previous = Number.NaN
  for (const key of range.later) {
    if (key === previous || !(key > range.low && key <= range.high)) continue
    previous = key
    // All rows of this key, less those that the range has.
    const here: number[] = []
    walk(key - 1, key, (hash48) => here.push(hash48))
    eachRow(tree, { ...range, low: key - 1, high: key }, (leaf, row) => {
      here.splice(here.indexOf(counterpartAt(leaf, row, stride, column)), 1)
    })
    taken.push(...here)
  }
  for (const hash48 of taken) tally.remove(hash48)
  const distinct = tally.distinct()
  for (const hash48 of taken) tally.add(hash48)
  return distinct
}
