// Which ids a journal may hold, in 128 bits: most ids that are not there need no scan of its rows. A bit is set for the id of each record
// that counts, by seven bits of it; ids are keyed hashes, so these are as good as any.

/** Numbers of their own, 0 while nothing was noted: an array of them would be one more object to fetch for each journal. */
export interface IdBits {
  idBits0: number
  idBits1: number
  idBits2: number
  idBits3: number
}

/** False when no id with this low word was noted. */
export function mayHoldId(bits: IdBits, low: number): boolean {
  const bit = 1 << (low & 31)
  switch ((low >>> 5) & 3) {
    case 0:
      return (bits.idBits0 & bit) !== 0
    case 1:
      return (bits.idBits1 & bit) !== 0
    case 2:
      return (bits.idBits2 & bit) !== 0
    default:
      return (bits.idBits3 & bit) !== 0
  }
}

export function noteId(bits: IdBits, low: number): void {
  const bit = 1 << (low & 31)
  switch ((low >>> 5) & 3) {
    case 0:
      bits.idBits0 |= bit
      break
    case 1:
      bits.idBits1 |= bit
      break
    case 2:
      bits.idBits2 |= bit
      break
    default:
      bits.idBits3 |= bit
  }
}
