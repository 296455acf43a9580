// Finds a record of a large journal by its id, and its row by its ordinal. Small journals scan their rows instead.

export interface IdIndex {
  /** Records in journal order, ignored ones included. */
  size: number
  /** By ordinal: low and high of the id. */
  ids: Uint32Array
  /** By ordinal: key of the row; NaN for a record that has none. */
  keys: Float64Array
  /** A power of two of places, each an ordinal + 1 or 0; an id stands at the place that its low word says, or behind it. */
  places: Uint32Array
  taken: number
}

const LEAST = 256

export function createIdIndex(records: number): IdIndex {
  const room = Math.max(LEAST, records + (records >> 2))
  return {
    size: 0,
    ids: new Uint32Array(room * 2),
    keys: new Float64Array(room).fill(Number.NaN),
    places: new Uint32Array(placesFor(room)),
    taken: 0,
  }
}

/** The ordinal of the record with this id, or -1. */
export function ordinalOfId({ ids, places }: IdIndex, low: number, high: number): number {
  const mask = places.length - 1
  // The hash is keyed, so nobody outside can choose ids that meet in one place.
  for (let place = low & mask; ; place = (place + 1) & mask) {
    const ordinal = (places[place] ?? 0) - 1
    if (ordinal < 0) return -1
    if (ids[ordinal * 2] === low && ids[ordinal * 2 + 1] === high) return ordinal
  }
}

/** Adds a record that counts; ordinals ascend, and those left out are records that are ignored. */
export function addIndexed(index: IdIndex, ordinal: number, low: number, high: number, key: number): void {
  if (ordinal >= index.keys.length) grow(index, ordinal + 1 + (ordinal >> 2))
  index.ids[ordinal * 2] = low
  index.ids[ordinal * 2 + 1] = high
  index.keys[ordinal] = key
  index.size = ordinal + 1
  place(index, ordinal)
}

/** Keys of the rows with a higher ordinal, sorted; null when they are more than `most`. */
export function keysAfter({ keys, size }: IdIndex, ordinal: number, most: number): Float64Array | null {
  if (size - ordinal - 1 > most) return null
  return keys
    .slice(ordinal + 1, size)
    .filter((key) => !Number.isNaN(key))
    .sort()
}

export function indexBytes({ ids, keys, places }: IdIndex): number {
  return ids.byteLength + keys.byteLength + places.byteLength
}

function placesFor(room: number): number {
  return 2 ** Math.ceil(Math.log2((room * 4) / 3))
}

function place(index: IdIndex, ordinal: number): void {
  const { ids, places } = index
  const mask = places.length - 1
  let at = (ids[ordinal * 2] ?? 0) & mask
  while (places[at] !== 0) at = (at + 1) & mask
  places[at] = ordinal + 1
  index.taken++
}

function grow(index: IdIndex, room: number): void {
  const { ids, keys, size } = index
  index.ids = new Uint32Array(room * 2)
  index.ids.set(ids)
  index.keys = new Float64Array(room).fill(Number.NaN)
  index.keys.set(keys)
  index.places = new Uint32Array(placesFor(room))
  index.taken = 0
  for (let ordinal = 0; ordinal < size; ordinal++) {
    if (!Number.isNaN(index.keys[ordinal])) place(index, ordinal)
  }
}
