// Journal records that differ in everything a record has, by number.
import { RECORD_BYTES, viewOf, writeCounterpart, writeFacts } from '../../../src/velocity/journal-codec.ts'

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
