// Publishes dead letters again to the topics that they came from, and remembers that it did.
//
// A replay mark is a record in the topic of dead letters itself. There it outlives its letter, because it is younger, and needs
// no cleaning up. The rejected alternatives: the control topic, which every processor reads whole and which keeps a mark for
// ever; offsets of a group, which say "all up to here" where letters are replayed one by one.
//
// The mark is written after the message. A replay that is broken off between the two replays at most one chunk again the next
// time: its events still count once in the journals, and their decisions come out once more, the same to the byte.
import { type DeadLetter, readRecords } from './dead-letter-reader.ts'
import type { EventLog, Headers, LogRecord, OutputRecord } from './event-log.ts'
import { HEADERS, type TopicNames } from './topics.ts'

/** Letters whose messages are held in memory at once, and their bytes. */
const CHUNK_LETTERS = 500
const CHUNK_BYTES = 32 * 1_048_576

/** Headers that paysentry put on the letter; they speak of the rejection, not of the message. */
const OF_THE_REJECTION: ReadonlySet<string> = new Set([
  HEADERS.source,
  HEADERS.errorCode,
  HEADERS.errorStage,
  HEADERS.errorMessage,
  HEADERS.errorTopic,
  HEADERS.errorPartition,
  HEADERS.errorOffset,
  HEADERS.errorTime,
  HEADERS.errorMasked,
])

export interface ReplayOptions {
  readonly log: EventLog
  readonly topics: Pick<TopicNames, 'deadLetters'>
  /** Told after each chunk. */
  readonly onProgress: (done: number, of: number) => void
  /** Ends the replay after the chunk in hand. */
  readonly signal: AbortSignal
}

export interface ReplayResult {
  readonly replayed: number
  /** Retention took them between the reading of the list and now. */
  readonly gone: number
  /** Not reached, because the replay was broken off. */
  readonly left: number
}

/**
 * Replays the letters in the given order, whatever their state: which of them may be, the caller decides. Throws
 * LOG_UNAVAILABLE or TOPIC_MISSING; what was replayed until then is marked.
 */
export async function replayDeadLetters(
  letters: readonly DeadLetter[],
  options: ReplayOptions,
): Promise<ReplayResult> {
  const { log, topics, onProgress, signal } = options
  let replayed = 0
  let gone = 0
  for (const chunk of chunks(letters)) {
    if (signal.aborted) break
    const positions = new Set(chunk.map(({ position }) => position))
    const records = await readRecords(log, topics.deadLetters, positions)
    const present = chunk.flatMap((letter) => {
      const record = records.get(letter.position)
      return record === undefined ? [] : [{ letter, record }]
    })
    await log.produce(present.map(({ letter, record }) => replayOf(letter, record)))
    await log.produce(present.map(({ letter, record }) => markOf(letter, record)))
    replayed += present.length
    gone += chunk.length - present.length
    onProgress(replayed + gone, letters.length)
  }
  return { replayed, gone, left: letters.length - replayed - gone }
}

/** The message of a dead letter as it is published again: key, value and headers as they came, and where it was. */
export function replayOf(letter: DeadLetter, record: LogRecord): OutputRecord {
  const headers: Record<string, string | Buffer> = {}
  for (const [name, value] of Object.entries(record.headers)) {
    if (!OF_THE_REJECTION.has(name)) headers[name] = value
  }
  const origin: Headers = {
    [HEADERS.replayedFrom]: `${record.topic}/${letter.position}`,
    [HEADERS.firstSource]: letter.firstSource ?? letter.source,
  }
  return { topic: letter.topic, key: record.key, value: record.value, headers: { ...headers, ...origin } }
}

function markOf(letter: DeadLetter, record: LogRecord): OutputRecord {
  return {
    topic: record.topic,
    key: record.key,
    value: null,
    headers: { [HEADERS.replayOf]: letter.position },
  }
}

function* chunks(letters: readonly DeadLetter[]): Generator<DeadLetter[]> {
  let chunk: DeadLetter[] = []
  let bytes = 0
  for (const letter of letters) {
    if (chunk.length === CHUNK_LETTERS || (chunk.length > 0 && bytes + letter.bytes > CHUNK_BYTES)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(letter)
    bytes += letter.bytes
  }
  if (chunk.length > 0) yield chunk
}
