// 48-bit hashes by small numbers, so that packed records name a counterpart in two or three bytes.

export interface HashDictionary {
  /** The number of the hash, given to it on its first use; 0 for the hash 0. */
  numberOf(hash48: number): number
  hashOf(number: number): number
}

/** Twelve to thirty-two bytes a hash: open addressing over typed arrays, doubled at a load of three quarters. */
export function createHashDictionary(): HashDictionary {
  let hashes = new Float64Array(64)
  let places = new Uint32Array(64)
  let size = 1

  function placeOf(hash48: number): number {
    const mask = places.length - 1
    let place = hash48 & mask
    for (;;) {
      const number = places[place] ?? 0
      if (number === 0 || hashes[number] === hash48) return place
      place = (place + 1) & mask
    }
  }

  function grow(): void {
    const larger = new Float64Array(hashes.length * 2)
    larger.set(hashes)
    hashes = larger
    places = new Uint32Array(hashes.length)
    for (let number = 1; number < size; number++) places[placeOf(hashes[number] ?? 0)] = number
  }

  return {
    numberOf(hash48) {
      if (hash48 === 0) return 0
      const found = places[placeOf(hash48)] ?? 0
      if (found !== 0) return found
      if (size * 4 > hashes.length * 3) grow()
      hashes[size] = hash48
      places[placeOf(hash48)] = size
      return size++
    },
    hashOf: (number) => hashes[number] ?? 0,
  }
}
