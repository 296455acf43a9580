// Journals in memory: the embedded mode, rule tests and backtests run on it. Packed, about 25 bytes a record.
// Guarantees what the port says; what it holds ends with the process.
import { HEADER_BYTES, newHeader, RECORD_BYTES, viewOf } from './journal-codec.ts'
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
  let journals = new Map<string, PackedJournal>()
  let packed = createPackedJournals()
  let created = 0
  let sweptAtMs = now()
  let expiredSinceRepacking = 0
  // Replies are written here, one over the other: a buffer for each made garbage faster than it was collected.
  let scratch = new Uint8Array(4_096)

  function live(key: string, nowMs: number): PackedJournal | null {
    const journal = journals.get(key)
    return journal === undefined || journal.touchedAtMs + retentionMs <= nowMs ? null : journal
  }

  function create(key: string): PackedJournal {
    const expired = journals.get(key)
    if (expired !== undefined) packed.drop(expired)
    const incarnation = new Uint8Array(8)
    viewOf(incarnation).setFloat64(0, ++created, true)
    const journal = packed.create(newHeader(incarnation))
    journals.set(key, journal)
    return journal
  }

  function appendOne({ key, knownHeader, knownLength, records }: AppendRequest, nowMs: number): AppendReply {
    const journal = live(key, nowMs) ?? create(key)
    const reply = between(journal, knownHeader, knownLength)
    packed.append(journal, records)
    journal.touchedAtMs = nowMs
    return reply
  }

  function between(journal: PackedJournal, knownHeader: Uint8Array | null, knownLength: number): AppendReply {
    const length = lengthOf(journal)
    if (knownHeader === null || knownLength > length || !sameHeader(knownHeader, journal.header)) {
      return { kind: 'whole', bytes: whole(journal, room(length)) }
    }
    if (knownLength === length) return { kind: 'foreign', bytes: NOTHING }
    const known = (knownLength - HEADER_BYTES) / RECORD_BYTES
    const bytes = room(length - knownLength)
    packed.unpack(journal, known, viewOf(bytes), 0)
    return { kind: 'foreign', bytes }
  }

  function whole(journal: PackedJournal, bytes: Uint8Array): Uint8Array {
    bytes.set(journal.header)
    packed.unpack(journal, 0, viewOf(bytes), HEADER_BYTES)
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
      packed.drop(journal)
      expiredSinceRepacking++
    }
    if (expiredSinceRepacking > journals.size) repack()
  }

  /** Names of counterparts are never forgotten, so now and then what is left is packed anew. Amortised over what expired. */
  function repack(): void {
    const old = packed
    packed = createPackedJournals()
    expiredSinceRepacking = 0
    const repacked = new Map<string, PackedJournal>()
    for (const [key, journal] of journals) {
      const bytes = room(journal.records * RECORD_BYTES)
      old.unpack(journal, 0, viewOf(bytes), 0)
      const copy = packed.create(journal.header)
      packed.append(copy, bytes)
      copy.touchedAtMs = journal.touchedAtMs
      repacked.set(key, copy)
    }
    journals = repacked
  }

  return {
    kind: 'memory',
    generation: () => 0,
    async append(requests, onReply) {
      const nowMs = now()
      sweep(nowMs)
      for (const [index, request] of requests.entries()) onReply(appendOne(request, nowMs), index)
    },
    async read(key) {
      const journal = live(key, now())
      return journal === null ? null : whole(journal, new Uint8Array(lengthOf(journal)))
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

function sameHeader(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < HEADER_BYTES; at++) if (a[at] !== b[at]) return false
  return true
}
