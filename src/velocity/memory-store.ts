// Journals in memory: the embedded mode, rule tests and backtests run on it. Packed: 72 bytes an event and 6 for each of its journals.
// Guarantees what the port says; what it holds ends with the process.
import { HEADER_BYTES, headerText, newHeader, RECORD_BYTES, recordsStart, viewOf } from './journal-codec.ts'
import type { AppendReply, AppendRequest, JournalStore } from './journal-store.ts'
import { createPackedJournals, lengthOf, type PackedJournal } from './packed-journals.ts'

export interface MemoryStoreOptions {
  /** A journal without an append for this long is gone. */
  readonly retentionMs: number
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Expired journals give their memory back within this part of the retention time. */
const SWEEPS_A_RETENTION = 8
const NOTHING = new Uint8Array(0)

export function createMemoryStore({ retentionMs, now }: MemoryStoreOptions): JournalStore {
  const journals = new Map<string, PackedJournal>()
  const packed = createPackedJournals()
  let incarnation = 0
  let header = headerOf(incarnation)
  let sweptAtMs = now()
  // Replies are written here, one over the other: a buffer for each made garbage faster than it was collected.
  let scratch = new Uint8Array(4_096)

  function live(key: string, nowMs: number): PackedJournal | null {
    const journal = journals.get(key)
    return journal === undefined || journal.touchedAtMs + retentionMs <= nowMs ? null : journal
  }

  function create(key: string): PackedJournal {
    const expired = journals.get(key)
    if (expired !== undefined) forget(expired)
    const journal = packed.create(header)
    // Its characters in one piece: a text that was put together keeps its parts.
    journals.set(Buffer.from(key).toString(), journal)
    return journal
  }

  /** A journal of the same name must get another header, which all journals from here on share: one each took 200 bytes. */
  function forget(journal: PackedJournal): void {
    packed.drop(journal)
    if (journal.head === header) header = headerOf(++incarnation)
  }

  function appendOne(request: AppendRequest, nowMs: number): AppendReply {
    const { key, knownHeader, knownLength, records, from, to } = request
    const journal = live(key, nowMs) ?? create(key)
    const reply = between(journal, knownHeader, knownLength)
    packed.append(journal, records, from, to)
    journal.touchedAtMs = nowMs
    return reply
  }

  function between(journal: PackedJournal, knownHeader: string | null, knownLength: number): AppendReply {
    const length = lengthOf(journal)
    if (knownHeader === null || knownLength > length || knownHeader !== journal.header) {
      return { kind: 'whole', bytes: whole(journal, room(length)) }
    }
    if (knownLength === length) return { kind: 'foreign', bytes: NOTHING }
    const known = (knownLength - journal.head.length) / RECORD_BYTES
    const bytes = room(length - knownLength)
    packed.unpack(journal, known, viewOf(bytes), 0)
    return { kind: 'foreign', bytes }
  }

  function whole(journal: PackedJournal, bytes: Uint8Array): Uint8Array {
    bytes.set(journal.head)
    packed.unpack(journal, 0, viewOf(bytes), journal.head.length)
    return bytes
  }

  function room(length: number): Uint8Array {
    if (scratch.length < length) scratch = new Uint8Array(length * 2)
    return scratch.subarray(0, length)
  }

  function sweep(nowMs: number): void {
    if (nowMs - sweptAtMs < retentionMs / SWEEPS_A_RETENTION) return
    sweptAtMs = nowMs
    for (const [key, journal] of journals) {
      if (live(key, nowMs) !== null) continue
      journals.delete(key)
      forget(journal)
    }
    if (packed.isSparse()) packed.compact(journals.values())
  }

  return {
    kind: 'memory',
    generation: () => 0,
    async append(requests, onReply) {
      const nowMs = now()
      sweep(nowMs)
      let index = 0
      for (const request of requests) onReply(appendOne(request, nowMs), index++)
    },
    async readPart(key, from, most) {
      const journal = live(key, now())
      if (journal === null) return null
      const bytes = whole(journal, new Uint8Array(lengthOf(journal)))
      return {
        header: bytes.subarray(0, HEADER_BYTES),
        length: bytes.length,
        bytes: bytes.subarray(from, from + most),
      }
    },
    async coalesce(key, header, prefixLength, replacement) {
      const journal = live(key, now())
      if (journal === null || journal.header !== headerText(header)) return false
      if (lengthOf(journal) < prefixLength) return false
      const start = recordsStart(replacement)
      const rewritten = packed.create(replacement.slice(0, start))
      packed.append(rewritten, viewOf(replacement), start, replacement.length)
      packed.appendFrom(rewritten, journal, (prefixLength - journal.head.length) / RECORD_BYTES)
      packed.drop(journal)
      rewritten.touchedAtMs = journal.touchedAtMs
      journals.set(key, rewritten)
      return true
    },
    async expiresInMs(key) {
      const nowMs = now()
      const journal = live(key, nowMs)
      return journal === null ? null : journal.touchedAtMs + retentionMs - nowMs
    },
    async ping() {},
    async close() {
      journals.clear()
    },
  }
}

function headerOf(incarnation: number): Uint8Array {
  const bytes = new Uint8Array(8)
  viewOf(bytes).setFloat64(0, incarnation, true)
  return newHeader(bytes)
}
