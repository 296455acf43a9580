// Finds a message that ends the process, and gets it out of the way after a bounded number of tries.
//
// A process that dies can say nothing, so it says beforehand what it is about to do: the first batch of a partition that it did
// not commit itself last is announced in the note of the offset. Who finds the announcement of a process that is gone tries
// fewer records, alone in the process so that no other partition's message can be blamed; then one by one; and a single
// message that was tried `maxTries` times becomes a dead letter that no code has looked into. With maxTries 3 the process ends at
// most 6 times: once unannounced, once with the full batch, once with a small one, three times with the message alone.
//
// Only deaths count. An error that the table foresees, such as Redis being away, takes the announcement back.
import { type Batch, emptyBatch, type Rejected } from './batch.ts'
import { type AppError, toAppError } from './errors.ts'
import type { LogRecord, PartitionBatch } from './log/event-log.ts'
import { type PartitionNote, readNote, writeNote } from './partition-note.ts'
import type { Pipeline } from './pipeline.ts'
import type { Span } from './repair.ts'
import type { Stage } from './stage.ts'
import { createTurns } from './turns.ts'

/** Records of a batch after the first announced death. */
const FEW = 16

export interface PoisonOptions {
  /** A name that no other process has, nor this one after a restart. */
  readonly owner: string
  /** Tries of a single message. */
  readonly maxTries: number
  /** What of the partition is not journaled yet: every note carries it. */
  readonly missing: (topic: string, partition: number) => Span | null
  /** Told of such a span that another process left behind. */
  readonly onMissingFound: (topic: string, partition: number, span: Span) => void
  /** Told before records are tried again on which a process has died. */
  readonly onSuspect: (suspect: Suspect) => void
  /** Told when the announcement could not be taken back; it then counts as a death if this process ends now. */
  readonly onNoteFailed: (error: AppError, batch: PartitionBatch) => void
}

export interface Suspect {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly records: number
  /** Deaths with this many records in hand. */
  readonly deaths: number
}

export interface PoisonGuard {
  /** Records that the next batch may have at most, by the note that was found. */
  limit(note: string): number
  /** Rejects what the guard has condemned, and leaves everything else to the stage. */
  decode(stage: Stage<PartitionBatch, Batch>): Stage<PartitionBatch, Batch>
  pipeline(pipeline: Pipeline): Pipeline
}

export function createPoisonGuard(options: PoisonOptions): PoisonGuard {
  const { owner, maxTries } = options
  const turns = createTurns()
  const condemned = new WeakMap<PartitionBatch, number>()

  /** Tries that a process did not outlive. What this process wrote, it has outlived. */
  const deathsOf = ({ owner: writer, tries }: PartitionNote): number =>
    writer === owner ? Math.max(0, tries - 1) : tries

  const announced = async (
    source: PartitionBatch,
    note: PartitionNote,
    work: () => Promise<void>,
  ): Promise<void> => {
    await source.commitNote(noteText(note, source, options))
    try {
      await work()
    } catch (thrown) {
      const error = toAppError(thrown)
      if (error.code !== 'UNEXPECTED') await takeBack(source, options)
      throw error
    }
  }

  return {
    limit(text) {
      const note = readNote(text)
      const limit = deathsOf(note) > 0 ? fewer(note.limit) : note.limit
      return limit === 0 ? Number.POSITIVE_INFINITY : limit
    },
    decode: (stage) => (source) => {
      const tries = condemned.get(source)
      return tries === undefined ? stage(source) : rejectAll(source, tries)
    },
    pipeline: (pipeline) => async (source, absent) => {
      const found = readNote(source.note)
      if (found.missing !== undefined && found.owner !== owner) {
        const { from, to } = found.missing
        options.onMissingFound(source.topic, source.partition, { from: BigInt(from), to: BigInt(to) })
      }
      const deaths = deathsOf(found)
      const guarded = withNote(source, found, deaths, options)
      if (deaths === 0 && found.limit === 0) {
        if (found.owner === owner && found.tries === 0) return turns.together(() => pipeline(guarded, absent))
        const note = { owner, tries: 1, limit: 0, until: behind(source) }
        return turns.together(() => announced(source, note, () => pipeline(guarded, absent)))
      }
      if (deaths > 0) options.onSuspect(suspectOf(source, deaths))
      if (found.limit === 1 && deaths >= maxTries && source.records.length === 1) {
        condemned.set(guarded, deaths)
        return turns.alone(() => pipeline(guarded, absent))
      }
      const limit = deaths > 0 ? fewer(found.limit) : found.limit
      const tries = limit === found.limit ? deaths + 1 : 1
      const note = { owner, tries, limit, until: found.until }
      return turns.alone(() => announced(source, note, () => pipeline(guarded, absent)))
    },
  }
}

/** Key, value and headers with every digit masked, byte by byte: the code that knows card numbers may be what dies. */
export function maskDigits({ key, value, headers }: LogRecord): Pick<LogRecord, 'key' | 'value' | 'headers'> {
  const masked: Record<string, Buffer> = {}
  for (const [name, content] of Object.entries(headers)) {
    masked[withoutDigits(Buffer.from(name)).toString()] = withoutDigits(Buffer.from(content))
  }
  return {
    key: key === null ? null : withoutDigits(key),
    value: value === null ? null : withoutDigits(value),
    headers: masked,
  }
}

const ZERO = 0x30
const NINE = 0x39
const STAR = 0x2a

function withoutDigits(content: Buffer): Buffer {
  const masked = Buffer.allocUnsafe(content.length)
  for (const [i, byte] of content.entries()) masked[i] = byte >= ZERO && byte <= NINE ? STAR : byte
  return masked
}

function fewer(limit: number): number {
  return limit === 0 ? FEW : 1
}

/** The batch, which leaves a note of this owner when it is committed. Behind `until` nobody is suspected any more. */
function withNote(
  source: PartitionBatch,
  found: PartitionNote,
  deaths: number,
  options: PoisonOptions,
): PartitionBatch {
  const { owner } = options
  const limit = deaths > 0 ? fewer(found.limit) : found.limit
  const isPast = BigInt(behind(source)) >= BigInt(found.until)
  const note = isPast
    ? { owner, tries: 0, limit: 0, until: '0' }
    : { owner, tries: 0, limit, until: found.until }
  return { ...source, commit: () => source.commit(noteText(note, source, options)) }
}

function noteText(
  note: PartitionNote,
  { topic, partition }: PartitionBatch,
  { missing }: PoisonOptions,
): string {
  const span = missing(topic, partition)
  if (span === null) return writeNote(note)
  return writeNote({ ...note, missing: { from: String(span.from), to: String(span.to) } })
}

async function takeBack(source: PartitionBatch, { onNoteFailed }: PoisonOptions): Promise<void> {
  try {
    await source.commitNote(source.note)
  } catch (thrown) {
    onNoteFailed(toAppError(thrown), source)
  }
}

function rejectAll(source: PartitionBatch, tries: number): Batch {
  const rejected = source.records.map(
    (record): Rejected => ({
      record,
      code: 'MESSAGE_KILLS_PROCESS',
      stage: 'decode',
      message: `the process ended each of the ${tries} times that it worked on this message alone; every digit of it is masked here`,
    }),
  )
  return { ...emptyBatch(source), rejected }
}

function suspectOf({ topic, partition, records }: PartitionBatch, deaths: number): Suspect {
  return { topic, partition, offset: records[0]?.offset ?? '', records: records.length, deaths }
}

/** The offset behind the batch. */
function behind({ records }: PartitionBatch): string {
  return String(BigInt(records.at(-1)?.offset ?? '-1') + 1n)
}
