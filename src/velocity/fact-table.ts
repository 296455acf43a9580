// What the journals of one event have in common in their records, kept once for all of them: a record is then a reference of 6 bytes.
// Guarantees that a record comes out as the bytes that went in. Rows of which no record is left are freed by the slab.
//
//   row       = facts position (counterparts / labelled)       ; 18 words of 4 bytes
//   facts     = 24 bytes                                       ; as in the record: time, kind, flags, amount, id
//   counterparts = 7 low words, 7 high halves                  ; 48-bit hashes, no two the same, 0 from the first unused one on
//   labelled  = 24 bytes                                       ; of a label: what stands in place of counterparts
//   reference = row u32 · slots u16                            ; for each of four counterparts 4 bits: 0, or its place in the row from 1
import { FIRST_LABEL_KIND } from './entity.ts'
import { readCounterpart, readKind, readPosition, writeCounterpart } from './journal-codec.ts'

/** A row's number times 65536, and the slots. Below 2^48. */
export type Reference = number

export interface FactTable {
  /** A reference to the record at `from`; counts as one use. */
  intern(record: DataView, from: number): Reference
  /** Writes the record's 52 bytes. */
  write(reference: Reference, record: DataView, at: number): void
  retain(reference: Reference): void
  release(reference: Reference): void
  /** Takes over a record of another table; counts as one use. `moved` holds, by old row, the new one + 1. */
  move(reference: Reference, from: FactTable, moved: Uint32Array): Reference
  /** The row as it stands. */
  wordsOf(row: number): Uint32Array
  figures(): FactFigures
}

export interface FactFigures {
  /** Uses of rows. */
  readonly uses: number
  /** Rows that have been written and stand in memory, in use or not. */
  readonly rows: number
  /** No row has a higher number. */
  readonly capacity: number
}

const FACT_WORDS = 6
const POSITION_WORD = 6
const LOW_WORDS = 7
const HIGH_HALVES = 28
const COUNTERPARTS = 7
const ROW_WORDS = 18
const SLAB_ROWS = 4_096
const SLOTS = 65_536
/** Rows among which one with the same facts is looked for: an event's records come close together. */
const RECENT = 16_384

interface Slab {
  readonly words: Uint32Array
  readonly halves: Uint16Array
  rows: number
  uses: number
}

export function createFactTable(): FactTable {
  const slabs: (Slab | null)[] = []
  const recent = new Uint32Array(RECENT)
  let current = -1
  let uses = 0
  let rows = 0

  function slabOf(row: number): Slab {
    const slab = slabs[Math.floor(row / SLAB_ROWS)]
    if (slab == null) throw new Error(`no facts ${row}`)
    return slab
  }

  function free(index: number): void {
    const slab = slabs[index]
    if (slab == null || slab.uses > 0) return
    slabs[index] = null
    rows -= slab.rows
  }

  function addSlab(): Slab {
    free(current)
    const buffer = new ArrayBuffer(SLAB_ROWS * ROW_WORDS * 4)
    const slab = { words: new Uint32Array(buffer), halves: new Uint16Array(buffer), rows: 0, uses: 0 }
    const vacant = slabs.indexOf(null)
    current = vacant === -1 ? slabs.length : vacant
    slabs[current] = slab
    return slab
  }

  /** A row of zeros. */
  function newRow(): { readonly words: Uint32Array; readonly at: number; readonly row: number } {
    let slab = slabs[current]
    if (slab == null || slab.rows === SLAB_ROWS) slab = addSlab()
    const row = current * SLAB_ROWS + slab.rows
    rows++
    return { words: slab.words, at: slab.rows++ * ROW_WORDS, row }
  }

  function addRow(record: DataView, from: number): number {
    const { words, at, row } = newRow()
    for (let i = 0; i < FACT_WORDS; i++) words[at + i] = record.getUint32(from + i * 4, true)
    words[at + POSITION_WORD] = readPosition(record, from)
    if (readKind(record, from) >= FIRST_LABEL_KIND) {
      for (let i = 0; i < FACT_WORDS; i++)
        words[at + LOW_WORDS + i] = record.getUint32(from + 24 + i * 4, true)
    }
    return row
  }

  function isSame(row: number, record: DataView, from: number): boolean {
    const slab = slabs[Math.floor(row / SLAB_ROWS)]
    if (slab == null || row % SLAB_ROWS >= slab.rows) return false
    const at = (row % SLAB_ROWS) * ROW_WORDS
    for (let i = 0; i < FACT_WORDS; i++)
      if (slab.words[at + i] !== record.getUint32(from + i * 4, true)) return false
    return slab.words[at + POSITION_WORD] === readPosition(record, from)
  }

  /** The slots of a record in the row, which takes up counterparts that are new to it; -1 when it has no room for them. */
  function slotsIn(row: number, record: DataView, from: number): number {
    if (readKind(record, from) >= FIRST_LABEL_KIND) return 0
    const { words, halves } = slabOf(row)
    const low = (row % SLAB_ROWS) * ROW_WORDS + LOW_WORDS
    const high = (row % SLAB_ROWS) * ROW_WORDS * 2 + HIGH_HALVES
    let slots = 0
    for (let slot = 0; slot < 4; slot++) {
      const hash48 = readCounterpart(record, from, slot)
      if (hash48 === 0) continue
      const [lowWord, highHalf] = [hash48 >>> 0, Math.floor(hash48 / 0x1_0000_0000)]
      let place = 0
      while (place < COUNTERPARTS && !(words[low + place] === lowWord && halves[high + place] === highHalf)) {
        if (words[low + place] === 0 && halves[high + place] === 0) {
          words[low + place] = lowWord
          halves[high + place] = highHalf
          break
        }
        place++
      }
      if (place === COUNTERPARTS) return -1
      slots += (place + 1) * 16 ** slot
    }
    return slots
  }

  function use(row: number, slots: number): Reference {
    slabOf(row).uses++
    uses++
    return row * SLOTS + slots
  }

  function intern(record: DataView, from: number): Reference {
    const place = (record.getUint32(from + 16, true) ^ record.getUint32(from, true)) & (RECENT - 1)
    const known = recent[place] ?? 0
    // A label's row is not shared: there are few, and what it holds in place of counterparts would have to be compared too.
    if (readKind(record, from) < FIRST_LABEL_KIND && isSame(known, record, from)) {
      const slots = slotsIn(known, record, from)
      if (slots >= 0) return use(known, slots)
    }
    const row = addRow(record, from)
    recent[place] = row
    return use(row, slotsIn(row, record, from))
  }

  function write(reference: Reference, record: DataView, to: number): void {
    const row = Math.floor(reference / SLOTS)
    const { words, halves } = slabOf(row)
    const at = (row % SLAB_ROWS) * ROW_WORDS
    for (let i = 0; i < FACT_WORDS; i++) record.setUint32(to + i * 4, words[at + i] ?? 0, true)
    record.setUint32(to + 48, words[at + POSITION_WORD] ?? 0, true)
    if (readKind(record, to) >= FIRST_LABEL_KIND) {
      for (let i = 0; i < FACT_WORDS; i++)
        record.setUint32(to + 24 + i * 4, words[at + LOW_WORDS + i] ?? 0, true)
      return
    }
    let slots = reference % SLOTS
    for (let slot = 0; slot < 4; slot++, slots >>>= 4) {
      const place = (slots & 15) - 1
      const [lowWord, highHalf] =
        place < 0 ? [0, 0] : [words[at + LOW_WORDS + place] ?? 0, halves[at * 2 + HIGH_HALVES + place] ?? 0]
      writeCounterpart(record, to, slot, highHalf * 0x1_0000_0000 + lowWord)
    }
  }

  return {
    intern,
    write,
    retain(reference) {
      use(Math.floor(reference / SLOTS), 0)
    },
    release(reference) {
      const index = Math.floor(reference / SLOTS / SLAB_ROWS)
      const slab = slabs[index]
      if (slab == null) throw new Error(`no facts ${reference}`)
      slab.uses--
      uses--
      if (index !== current) free(index)
    },
    move(reference, from, moved) {
      const row = Math.floor(reference / SLOTS)
      const slots = reference % SLOTS
      const known = moved[row] ?? 0
      if (known !== 0) return use(known - 1, slots)
      const { words, at, row: copy } = newRow()
      words.set(from.wordsOf(row), at)
      moved[row] = copy + 1
      return use(copy, slots)
    },
    wordsOf(row) {
      const at = (row % SLAB_ROWS) * ROW_WORDS
      return slabOf(row).words.subarray(at, at + ROW_WORDS)
    },
    figures: () => ({ uses, rows, capacity: slabs.length * SLAB_ROWS }),
  }
}
