// A note travels with a group's offset: what one owner of a partition leaves for the next one, which may be itself after a restart.
import { AppError } from '../errors.ts'

/** Kafka's default for offset.metadata.max.bytes. */
const MAX_NOTE_BYTES = 4_096

/** Throws UNEXPECTED for a note that the log would refuse: who writes notes keeps them short. */
export function requireShort(note: string): void {
  const length = Buffer.byteLength(note)
  if (length <= MAX_NOTE_BYTES) return
  throw new AppError('UNEXPECTED', `a note of ${length} bytes; an offset carries at most ${MAX_NOTE_BYTES}`)
}
