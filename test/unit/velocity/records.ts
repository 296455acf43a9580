// Journal records that differ in everything a record has, by number, and appends of them.
import { RECORD_BYTES, viewOf, writeCounterpart, writeFacts } from '../../../src/velocity/journal-codec.ts'
import type { AppendRequest } from '../../../src/velocity/journal-store.ts'

/** One record for each number, one after another. */
export function recordsOf(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * RECORD_BYTES)
  const view = viewOf(bytes)
  for (const [i, number] of numbers.entries()) {
    writeFacts(view, i * RECORD_BYTES, {
      timeMs: 1_772_366_400_000 + number,
      kind: 1,
      amountMinor: 100 + number,
      id: { low: number, high: number ^ 0x5a5a },
      position: number * 3,
    })
    writeCounterpart(view, i * RECORD_BYTES, 0, 1 + number)
  }
  return bytes
}

const NOTHING_KNOWN = { knownHeader: null, knownLength: 0 }

/** An append of these records by a caller who knows nothing of the journal, unless `known` says what. */
export function appendOf(
  key: string,
  records: Uint8Array,
  { knownHeader, knownLength }: Pick<AppendRequest, 'knownHeader' | 'knownLength'> = NOTHING_KNOWN,
): AppendRequest {
  return { key, knownHeader, knownLength, records: viewOf(records), from: 0, to: records.length }
}

/** A copy of the records that the request appends. */
export function sentIn({ records, from, to }: AppendRequest): Uint8Array {
  return new Uint8Array(records.buffer, records.byteOffset + from, to - from).slice()
}
