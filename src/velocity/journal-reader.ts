// Reads a journal in parts, so that a long one holds up neither the store nor this process.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { HEADER_BYTES, RECORD_BYTES, recordsStart } from './journal-codec.ts'
import type { JournalPart, JournalStore } from './journal-store.ts'

/** Bytes of one answer, whole records: about a millisecond of Redis' time. */
const PART_BYTES = 20_000 * RECORD_BYTES
/** A journal is rewritten once in many hours; more than this is a defect. */
const MOST_STARTS = 10

export interface JournalVisitor {
  /** The journal from its header on, up to the end of a record. May come again: then all before is void. */
  begin(bytes: Uint8Array): void
  /** The next records. */
  more(bytes: Uint8Array): void
}

/** Hands the whole journal over as it stands when the last part is read; false when there is none. Throws as the store does. */
export async function visitJournal(
  store: JournalStore,
  key: string,
  visitor: JournalVisitor,
): Promise<boolean> {
  for (let start = 0; start < MOST_STARTS; start++) {
    const generation = store.generation()
    const first = await store.readPart(key, 0, PART_BYTES)
    if (first === null) return false
    const bytes = wholeRecords(first.bytes)
    visitor.begin(bytes)
    if (await visitRest(store, key, { ...first, from: bytes.length, generation }, visitor)) return true
  }
  throw new Error(`journal ${key} was another one at each of ${MOST_STARTS} tries to read it`)
}

interface Begun extends Pick<JournalPart, 'header' | 'length'> {
  readonly from: number
  /** Of the store, before anything was read. */
  readonly generation: number
}

/**
 * False when the journal was rewritten meanwhile, or may have lost what was read of it: behind a failover it can go on differently
 * under the same header.
 */
async function visitRest(
  store: JournalStore,
  key: string,
  { from, header, length, generation }: Begun,
  visitor: JournalVisitor,
): Promise<boolean> {
  let at = from
  let end = length
  while (at < end) {
    await nextTurn()
    const part = await store.readPart(key, at, PART_BYTES)
    if (part === null || !sameBytes(part.header, header) || store.generation() !== generation) return false
    visitor.more(part.bytes)
    at += part.bytes.length
    end = part.length
  }
  return true
}

/** The journal's bytes, header included; null when there is none. */
export async function readJournal(store: JournalStore, key: string): Promise<Uint8Array | null> {
  let parts: Uint8Array[] = []
  const found = await visitJournal(store, key, {
    begin: (bytes) => void (parts = [bytes]),
    more: (bytes) => void parts.push(bytes),
  })
  if (!found) return null
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Without the part of a record at the end; something that is no journal stays as it is, for the visitor to refuse. */
function wholeRecords(bytes: Uint8Array): Uint8Array {
  if (bytes.length < PART_BYTES) return bytes
  return bytes.subarray(0, bytes.length - ((bytes.length - recordsStart(bytes)) % RECORD_BYTES))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < HEADER_BYTES; at++) if (a[at] !== b[at]) return false
  return true
}
