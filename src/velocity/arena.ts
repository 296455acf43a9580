// Memory for the rows of cached journals: blocks of doubles within a few large slabs, given out and taken back as buddies.
// A typed array for each journal costs 350 bytes before its first number and is slow to be collected: measured, a cache of 128 MB
// that was too small for its traffic took 600 MB.

/** A stretch of a slab: `doubles` and `words` are the whole slab's, `at` is where the block begins, in doubles. */
export interface Block {
  readonly doubles: Float64Array
  readonly words: Uint32Array
  readonly at: number
  /** Doubles in it. */
  readonly length: number
  /** Number of the slab. */
  readonly slab: number
}

export interface Arena {
  /** A block of at least so many doubles; holds whatever was in it before. */
  take(doubles: number): Block
  /** For another use: the caller must not touch it any more. */
  give(block: Block): void
  /** Bytes of all slabs. */
  bytes(): number
}

/** Doubles of the smallest block. */
const UNIT = 16
const TOP_ORDER = 12
const UNITS = 2 ** TOP_ORDER
export const LARGEST_BLOCK = UNIT * UNITS
const NONE = -1

interface Slab {
  readonly doubles: Float64Array
  readonly words: Uint32Array
  /** By unit where a free block begins: its order + 1; else 0. */
  readonly free: Uint8Array
  /** By unit where a free block begins: the next and the previous free block of its order, as slab * UNITS + unit. */
  readonly next: Int32Array
  readonly previous: Int32Array
}

export function createArena(): Arena {
  const slabs: (Slab | null)[] = []
  const heads = new Int32Array(TOP_ORDER + 1).fill(NONE)
  let slabCount = 0

  function slabOf(place: number): Slab {
    const slab = slabs[Math.floor(place / UNITS)]
    if (slab == null) throw new Error(`the arena has no slab for ${place}`)
    return slab
  }

  function link(place: number, order: number): void {
    const slab = slabOf(place)
    const unit = place % UNITS
    const head = heads[order] ?? NONE
    slab.free[unit] = order + 1
    slab.next[unit] = head
    slab.previous[unit] = NONE
    if (head !== NONE) slabOf(head).previous[head % UNITS] = place
    heads[order] = place
  }

  function unlink(place: number, order: number): void {
    const slab = slabOf(place)
    const unit = place % UNITS
    const next = slab.next[unit] ?? NONE
    const previous = slab.previous[unit] ?? NONE
    slab.free[unit] = 0
    if (previous === NONE) heads[order] = next
    else slabOf(previous).next[previous % UNITS] = next
    if (next !== NONE) slabOf(next).previous[next % UNITS] = previous
  }

  function addSlab(): void {
    const doubles = new Float64Array(LARGEST_BLOCK)
    const vacant = slabs.indexOf(null)
    const index = vacant === -1 ? slabs.length : vacant
    slabs[index] = {
      doubles,
      words: new Uint32Array(doubles.buffer),
      free: new Uint8Array(UNITS),
      next: new Int32Array(UNITS),
      previous: new Int32Array(UNITS),
    }
    slabCount++
    link(index * UNITS, TOP_ORDER)
  }

  function placeOf(order: number): number {
    for (let from = order; from <= TOP_ORDER; from++) {
      const place = heads[from] ?? NONE
      if (place === NONE) continue
      unlink(place, from)
      for (let half = from - 1; half >= order; half--) link(place + 2 ** half, half)
      return place
    }
    addSlab()
    return placeOf(order)
  }

  return {
    take(doubles) {
      if (doubles > LARGEST_BLOCK) throw new RangeError(`a block has at most ${LARGEST_BLOCK} doubles`)
      const order = orderOf(doubles)
      const place = placeOf(order)
      const slab = slabOf(place)
      const index = Math.floor(place / UNITS)
      return {
        doubles: slab.doubles,
        words: slab.words,
        at: (place % UNITS) * UNIT,
        length: UNIT * 2 ** order,
        slab: index,
      }
    },
    give({ slab: index, at, length }) {
      const base = index * UNITS
      let unit = at / UNIT
      let order = orderOf(length)
      const { free } = slabOf(base)
      for (; order < TOP_ORDER; order++) {
        const buddy = unit ^ (2 ** order)
        if (free[buddy] !== order + 1) break
        unlink(base + buddy, order)
        unit = Math.min(unit, buddy)
      }
      // The last slab stays, so that a small cache does not ask for one again and again.
      if (order === TOP_ORDER && slabCount > 1) {
        slabs[index] = null
        slabCount--
        return
      }
      link(base + unit, order)
    },
    bytes: () => slabCount * LARGEST_BLOCK * Float64Array.BYTES_PER_ELEMENT,
  }
}

function orderOf(doubles: number): number {
  return doubles <= UNIT ? 0 : Math.ceil(Math.log2(doubles / UNIT))
}
