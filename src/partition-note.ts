// What stands in the note that travels with a partition's offset (see PartitionBatch.note).
// A note that cannot be read, such as one of a later version, counts as none: the worst that follows is a try too many.
import { z } from 'zod'

const noteSchema = z.object({
  /** The process that wrote it. */
  owner: z.string(),
  /** Tries at this offset, begun and not ended: one more than the process lived through, if it is gone. */
  tries: z.int().min(0),
  /** Records at most in a batch that starts before `until`; 0 is no limit of its own. */
  limit: z.int().min(0),
  /** An offset. */
  until: z.string().regex(/^\d+$/),
  /** Offsets of events that were decided without journals and are not journaled yet; the end does not belong to them. */
  missing: z.object({ from: z.string().regex(/^\d+$/), to: z.string().regex(/^\d+$/) }).optional(),
})

export type PartitionNote = Readonly<z.infer<typeof noteSchema>>

export const NO_NOTE: PartitionNote = Object.freeze({ owner: '', tries: 0, limit: 0, until: '0' })

export function readNote(text: string): PartitionNote {
  if (text === '') return NO_NOTE
  const parsed = noteSchema.safeParse(parse(text))
  return parsed.success ? parsed.data : NO_NOTE
}

export function writeNote(note: PartitionNote): string {
  return JSON.stringify(note)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
