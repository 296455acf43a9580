// Folding a stretch of a stored journal into its cached form.
import { FIRST_LABEL_KIND } from './entity.ts'
import { FIRST_RECORDS, foldFirst, foldRecord, type Journal } from './journal.ts'
import { RECORD_BYTES, readKind, viewOf } from './journal-codec.ts'

/** Folds the records of `bytes`, which stand at `start` in the stored journal, from where the journal is. */
export function foldBytes(journal: Journal, start: number, bytes: Uint8Array): void {
  const view = viewOf(bytes)
  let at = journal.length - start
  if (journal.records === 0) {
    const end = endOfFirst(view, at)
    foldFirst(journal, view, at, end)
    at = end
  }
  for (; at < bytes.length; at += RECORD_BYTES) foldRecord(journal, view, at)
}

/** The end of what `foldFirst` takes: no label, which may take the place of another one. */
function endOfFirst(view: DataView, from: number): number {
  const most = Math.min(view.byteLength, from + FIRST_RECORDS * RECORD_BYTES)
  let at = from
  while (at < most && readKind(view, at) < FIRST_LABEL_KIND) at += RECORD_BYTES
  return at
}
