// Folding a stretch of a stored journal into its cached form.
import { foldRecord, type Journal, type Ordinal } from './journal.ts'
import { RECORD_BYTES, viewOf } from './journal-codec.ts'

/** A record in the bytes that were just folded. */
export interface Folded {
  /** Its ordinal, DUPLICATE or LATE. */
  ordinal: Ordinal
  readonly view: DataView
  at: number
}

/** Folds the records of `bytes`, which stand at `start` in the stored journal, from where the journal is; tells of each. */
export function foldBytes(
  journal: Journal,
  start: number,
  bytes: Uint8Array,
  visit: (folded: Folded) => void,
): void {
  const first = journal.length - start
  if (first >= bytes.length) return
  const folded: Folded = { ordinal: 0, view: viewOf(bytes), at: 0 }
  for (let at = first; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    folded.ordinal = foldRecord(journal, folded.view, at)
    folded.at = at
    visit(folded)
  }
}
