// All journals of the in-memory store, packed into chunks of a few large slabs: an object for each chunk, seen by the garbage
// collector, took half as much again as the bytes in it.
//
//   chunk = next u32 · records u16 · packed records (packed-record.ts), times counted from 0 in each chunk
import { createHashDictionary } from './hash-dictionary.ts'
import { RECORD_BYTES, viewOf } from './journal-codec.ts'
import { type Cursor, MAX_PACKED_BYTES, packRecord, unpackRecord } from './packed-record.ts'

const SLAB_BYTES = 1_048_576
const CHUNK_BYTES = 256
const CHUNKS_A_SLAB = SLAB_BYTES / CHUNK_BYTES
const CHUNK_HEAD_BYTES = 6
/** Number 0 is no chunk. */
const NONE = 0

export interface PackedJournal {
  /** Header and buckets. */
  readonly head: Uint8Array
  first: number
  last: number
  /** Where the next record goes in the last chunk, and the time of the one before it. */
  at: number
  timeMs: number
  records: number
  /** Epoch milliseconds of the last append. */
  touchedAtMs: number
}

export interface PackedJournals {
  /** `head` is header and buckets. */
  create(head: Uint8Array): PackedJournal
  /** Appends whole records. */
  append(journal: PackedJournal, records: Uint8Array): void
  /** Writes the records from number `first` on into `view` from `at` on. */
  unpack(journal: PackedJournal, first: number, view: DataView, at: number): void
  /** Gives the journal's chunks to other journals. */
  drop(journal: PackedJournal): void
}

/** Length in bytes when unpacked, header and buckets included. */
export function lengthOf(journal: PackedJournal): number {
  return journal.head.length + journal.records * RECORD_BYTES
}

export function createPackedJournals(): PackedJournals {
  const dictionary = createHashDictionary()
  const slabs: DataView[] = []
  let chunks = 1
  let free = NONE
  const nowhere = new DataView(new ArrayBuffer(0))
  const cursor: Cursor = { view: nowhere, at: 0, timeMs: 0 }

  function slabOf(chunk: number): DataView {
    return slabs[Math.floor(chunk / CHUNKS_A_SLAB)] ?? nowhere
  }

  function startOf(chunk: number): number {
    return (chunk % CHUNKS_A_SLAB) * CHUNK_BYTES
  }

  function takeChunk(): number {
    let chunk = free
    if (chunk === NONE) {
      chunk = chunks++
      if (Math.floor(chunk / CHUNKS_A_SLAB) >= slabs.length)
        slabs.push(new DataView(new ArrayBuffer(SLAB_BYTES)))
    } else {
      free = slabOf(chunk).getUint32(startOf(chunk), true)
    }
    slabOf(chunk).setUint32(startOf(chunk), NONE, true)
    slabOf(chunk).setUint16(startOf(chunk) + 4, 0, true)
    return chunk
  }

  /** Makes room for one record at the journal's end. */
  function makeRoom(journal: PackedJournal): void {
    if (journal.last !== NONE && journal.at + MAX_PACKED_BYTES <= startOf(journal.last) + CHUNK_BYTES) return
    const chunk = takeChunk()
    if (journal.last === NONE) journal.first = chunk
    else slabOf(journal.last).setUint32(startOf(journal.last), chunk, true)
    journal.last = chunk
    journal.at = startOf(chunk) + CHUNK_HEAD_BYTES
    journal.timeMs = 0
  }

  return {
    create: (head) => ({ head, first: NONE, last: NONE, at: 0, timeMs: 0, records: 0, touchedAtMs: 0 }),
    append(journal, records) {
      const view = viewOf(records)
      for (let from = 0; from < records.length; from += RECORD_BYTES) {
        makeRoom(journal)
        cursor.view = slabOf(journal.last)
        cursor.at = journal.at
        cursor.timeMs = journal.timeMs
        packRecord(view, from, cursor, dictionary)
        journal.at = cursor.at
        journal.timeMs = cursor.timeMs
        journal.records++
        const count = startOf(journal.last) + 4
        cursor.view.setUint16(count, cursor.view.getUint16(count, true) + 1, true)
      }
    },
    unpack(journal, first, view, at) {
      let number = 0
      let next = at
      for (let chunk = journal.first; chunk !== NONE; chunk = cursor.view.getUint32(startOf(chunk), true)) {
        cursor.view = slabOf(chunk)
        const end = number + cursor.view.getUint16(startOf(chunk) + 4, true)
        if (end <= first) {
          number = end
          continue
        }
        cursor.at = startOf(chunk) + CHUNK_HEAD_BYTES
        cursor.timeMs = 0
        for (; number < end; number++) {
          // A record cannot be found but from its chunk's beginning: what is passed over is overwritten.
          unpackRecord(cursor, view, next, dictionary)
          if (number >= first) next += RECORD_BYTES
        }
      }
    },
    drop(journal) {
      if (journal.last === NONE) return
      slabOf(journal.last).setUint32(startOf(journal.last), free, true)
      free = journal.first
    },
  }
}
