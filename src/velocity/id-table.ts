// The ids of one journal in the order of their first records: 64-bit hash → ordinal.
// Open addressing in one block, because a Map from texts or bigints takes five times the memory.
import type { Block, BlockPool } from './block-pool.ts'

/** A new id gets the ordinal `size`. */
export interface IdTable {
  readonly pool: BlockPool
  size: number
  capacity: number
  /** Power of two; 0 while a scan is as fast. */
  places: number
  /**
   * Words: low and high of each id by ordinal, up to the capacity; then the places. A place holds ordinal + 1, or 0 when it is
   * free; an id stands at the place that its low word says, or behind it.
   */
  block: Block
}

const SCANNED = 8

export function createIdTable(pool: BlockPool): IdTable {
  const block = pool.take(1)
  return { pool, size: 0, capacity: Math.min(SCANNED, block.doubles.length), places: 0, block }
}

/** The ordinal of the id, or -1. */
export function findId(table: IdTable, low: number, high: number): number {
  const { capacity, places, size } = table
  const { words } = table.block
  if (places === 0) {
    for (let ordinal = 0; ordinal < size; ordinal++) {
      if (words[ordinal * 2] === low && words[ordinal * 2 + 1] === high) return ordinal
    }
    return -1
  }
  // The hash is keyed, so nobody outside can choose ids that meet in one place.
  const first = capacity * 2
  for (let place = low & (places - 1); ; place = (place + 1) & (places - 1)) {
    const ordinal = (words[first + place] ?? 0) - 1
    if (ordinal < 0) return -1
    if (words[ordinal * 2] === low && words[ordinal * 2 + 1] === high) return ordinal
  }
}

/** Adds an id that is not in the table. Returns its ordinal. */
export function addId(table: IdTable, low: number, high: number): number {
  const ordinal = table.size
  reserveIds(table, ordinal + 1, ordinal >> 2)
  const { words } = table.block
  words[ordinal * 2] = low
  words[ordinal * 2 + 1] = high
  table.size = ordinal + 1
  if (table.places > 0) place(table, ordinal)
  return ordinal
}

/** Makes room for `ids` ids in all, and where there is none for `more` besides. */
export function reserveIds(table: IdTable, ids: number, more = 0): void {
  if (ids <= table.capacity) return
  const old = table.block
  // At most three quarters of the places are taken.
  table.places = ids <= SCANNED ? 0 : 2 ** Math.ceil(Math.log2(((ids + more) * 4) / 3))
  table.block = table.pool.take(ids + more + table.places / 2)
  const most = table.places === 0 ? SCANNED : (table.places * 3) / 4
  table.capacity = Math.min(most, table.block.doubles.length - table.places / 2)
  const { words } = table.block
  words.set(old.words.subarray(0, table.size * 2))
  words.fill(0, table.capacity * 2, table.capacity * 2 + table.places)
  for (let ordinal = 0; table.places > 0 && ordinal < table.size; ordinal++) place(table, ordinal)
  table.pool.give(old)
}

export function idTableBytes(table: IdTable): number {
  return table.block.words.byteLength
}

function place({ block, capacity, places }: IdTable, ordinal: number): void {
  const { words } = block
  const first = capacity * 2
  let at = (words[ordinal * 2] ?? 0) & (places - 1)
  while (words[first + at] !== 0) at = (at + 1) & (places - 1)
  words[first + at] = ordinal + 1
}
