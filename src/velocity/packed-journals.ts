// All journals of the in-memory store, packed: references to the facts that the journals of an event share (fact-table.ts), in chunks
// of a few large slabs. An object for each chunk, seen by the garbage collector, took half as much again as the bytes in it.
//
//   chunk = next u32 · ten references of 6 bytes
import { createFactTable, type FactTable, type Reference } from './fact-table.ts'
import { headerText, RECORD_BYTES, readU48, writeU48 } from './journal-codec.ts'

const SLAB_BYTES = 1_048_576
const CHUNK_BYTES = 64
const CHUNKS_A_SLAB = SLAB_BYTES / CHUNK_BYTES
const CHUNK_HEAD_BYTES = 4
const REFERENCE_BYTES = 6
const REFERENCES = (CHUNK_BYTES - CHUNK_HEAD_BYTES) / REFERENCE_BYTES
/** Number 0 is no chunk. */
const NONE = 0

export interface PackedJournal {
  /** Header and buckets. */
  readonly head: Uint8Array
  /** The 32 bytes of the header, a character each. */
  readonly header: string
  first: number
  last: number
  records: number
  /** Epoch milliseconds of the last append. */
  touchedAtMs: number
}

export interface PackedJournals {
  /** `head` is header and buckets. */
  create(head: Uint8Array): PackedJournal
  /** Appends the whole records that stand in `records` from byte `from` up to `to`. */
  append(journal: PackedJournal, records: DataView, from: number, to: number): void
  /** Appends the records of another journal from number `first` on. */
  appendFrom(journal: PackedJournal, other: PackedJournal, first: number): void
  /** Writes the records from number `first` on into `view` from `at` on. */
  unpack(journal: PackedJournal, first: number, view: DataView, at: number): void
  /** Gives the journal's memory to other journals. */
  drop(journal: PackedJournal): void
  /** Whether most facts are of events of which hardly a record is left, so that it is time to compact. */
  isSparse(): boolean
  /** Leaves out the facts that none of these, all the journals there are, refers to. */
  compact(journals: Iterable<PackedJournal>): void
}

/** Length in bytes when unpacked, header and buckets included. */
export function lengthOf(journal: PackedJournal): number {
  return journal.head.length + journal.records * RECORD_BYTES
}

export function createPackedJournals(): PackedJournals {
  let facts = createFactTable()
  const slabs: DataView[] = []
  let chunks = 1
  let free = NONE
  // Most journals have the same one: a text each would take 50 bytes.
  let latest: Pick<PackedJournal, 'head' | 'header'> = { head: new Uint8Array(0), header: '' }
  const nowhere = new DataView(new ArrayBuffer(0))

  function slabOf(chunk: number): DataView {
    return slabs[Math.floor(chunk / CHUNKS_A_SLAB)] ?? nowhere
  }

  function startOf(chunk: number): number {
    return (chunk % CHUNKS_A_SLAB) * CHUNK_BYTES
  }

  function nextOf(chunk: number): number {
    return slabOf(chunk).getUint32(startOf(chunk), true)
  }

  function takeChunk(): number {
    let chunk = free
    if (chunk === NONE) {
      chunk = chunks++
      if (Math.floor(chunk / CHUNKS_A_SLAB) >= slabs.length)
        slabs.push(new DataView(new ArrayBuffer(SLAB_BYTES)))
    } else {
      free = nextOf(chunk)
    }
    slabOf(chunk).setUint32(startOf(chunk), NONE, true)
    return chunk
  }

  function add(journal: PackedJournal, reference: Reference): void {
    const place = journal.records % REFERENCES
    if (place === 0) {
      const chunk = takeChunk()
      if (journal.last === NONE) journal.first = chunk
      else slabOf(journal.last).setUint32(startOf(journal.last), chunk, true)
      journal.last = chunk
    }
    const at = startOf(journal.last) + CHUNK_HEAD_BYTES + place * REFERENCE_BYTES
    writeU48(slabOf(journal.last), at, reference)
    journal.records++
  }

  /** Calls with each reference from number `first` on, and where it stands. */
  function each(
    journal: PackedJournal,
    first: number,
    visit: (reference: Reference, view: DataView, at: number) => void,
  ): void {
    let chunk = journal.first
    for (let passed = REFERENCES; passed <= first; passed += REFERENCES) chunk = nextOf(chunk)
    for (let number = first; number < journal.records; ) {
      const view = slabOf(chunk)
      const start = startOf(chunk) + CHUNK_HEAD_BYTES
      do {
        const at = start + (number % REFERENCES) * REFERENCE_BYTES
        visit(readU48(view, at), view, at)
        number++
      } while (number < journal.records && number % REFERENCES !== 0)
      chunk = nextOf(chunk)
    }
  }

  return {
    create(head) {
      if (head !== latest.head) latest = { head, header: headerText(head) }
      return { ...latest, first: NONE, last: NONE, records: 0, touchedAtMs: 0 }
    },
    append(journal, records, from, to) {
      for (let at = from; at < to; at += RECORD_BYTES) add(journal, facts.intern(records, at))
    },
    appendFrom(journal, other, first) {
      each(other, first, (reference) => {
        facts.retain(reference)
        add(journal, reference)
      })
    },
    unpack(journal, first, view, at) {
      let to = at
      each(journal, first, (reference) => {
        facts.write(reference, view, to)
        to += RECORD_BYTES
      })
    },
    drop(journal) {
      if (journal.last === NONE) return
      each(journal, 0, facts.release)
      slabOf(journal.last).setUint32(startOf(journal.last), free, true)
      free = journal.first
    },
    isSparse() {
      const { uses, rows } = facts.figures()
      return uses < rows
    },
    compact(journals) {
      const old: FactTable = facts
      facts = createFactTable()
      const moved = new Uint32Array(old.figures().capacity)
      for (const journal of journals) {
        each(journal, 0, (reference, view, at) => writeU48(view, at, facts.move(reference, old, moved)))
      }
    },
  }
}
