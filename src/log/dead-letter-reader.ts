// Reads the topic of dead letters: what stands in it, which of it was replayed, and what can be.
import type { EventLog, LogRecord } from './event-log.ts'
import { HEADERS, type TopicNames } from './topics.ts'

/**
 * `open` can be replayed · `replayed` was · `masked` lost card numbers, so the publisher must send the message again ·
 * `foreign` came from a topic that is no input of this configuration.
 */
export type DeadLetterState = 'open' | 'replayed' | 'masked' | 'foreign'

/** What a dead letter's headers say, without its content. */
export interface DeadLetter {
  /** `<partition>/<offset>` in the topic of dead letters. */
  readonly position: string
  readonly code: string
  readonly stage: string
  readonly message: string
  /** When it was rejected, epoch milliseconds. */
  readonly timeMs: number
  /** The topic that it came from. */
  readonly topic: string
  /** `<topic>/<partition>/<offset>` of the message. */
  readonly source: string
  /** Where the message stood before it was replayed for the first time; null when it was not. */
  readonly firstSource: string | null
  /** Null when there is none. Bytes that are no UTF-8 are shown as U+FFFD. */
  readonly key: string | null
  /** Of key and value together. */
  readonly bytes: number
  readonly state: DeadLetterState
}

/** Each given condition must hold. */
export interface DeadLetterFilter {
  readonly positions?: ReadonlySet<string>
  readonly codes?: ReadonlySet<string>
  readonly stage?: string
  readonly topic?: string
  readonly key?: string
  /** Rejected at this time or later, epoch milliseconds. */
  readonly sinceMs?: number
  /** Rejected before this time, epoch milliseconds. */
  readonly untilMs?: number
}

type ReadTopics = Pick<TopicNames, 'deadLetters' | 'events' | 'labels'>

/** The dead letters that pass the filter, oldest first. Throws LOG_UNAVAILABLE or TOPIC_MISSING. */
export async function readDeadLetters(
  log: EventLog,
  topics: ReadTopics,
  filter: DeadLetterFilter = {},
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  const replayed = new Set<string>()
  await readTopic(log, topics.deadLetters, (record) => {
    const mark = headerText(record, HEADERS.replayOf)
    if (isDeadLetter(record)) {
      const letter = deadLetterOf(record, topics)
      if (passes(letter, filter)) letters.push(letter)
    } else if (mark !== null) replayed.add(mark)
  })
  return letters
    .map((letter) =>
      letter.state === 'open' && replayed.has(letter.position)
        ? { ...letter, state: 'replayed' as const }
        : letter,
    )
    .sort((a, b) => a.timeMs - b.timeMs)
}

/** The records at these positions of the topic of dead letters, by position; those that are gone are left out. */
export async function readRecords(
  log: EventLog,
  topic: string,
  positions: ReadonlySet<string>,
): Promise<ReadonlyMap<string, LogRecord>> {
  const found = new Map<string, LogRecord>()
  await readTopic(log, topic, (record) => {
    const position = positionOf(record)
    if (positions.has(position)) found.set(position, record)
  })
  return found
}

/** False for replay marks, and for what other programs may have put there. */
export function isDeadLetter(record: LogRecord): boolean {
  return headerText(record, HEADERS.errorCode) !== null
}

/** A header as text; null when the record has none of that name. */
export function headerText(record: Pick<LogRecord, 'headers'>, name: string): string | null {
  return record.headers[name]?.toString() ?? null
}

async function readTopic(log: EventLog, topic: string, onRecord: (record: LogRecord) => void): Promise<void> {
  const follower = await log.follow({
    topic,
    onRecords(records) {
      for (const record of records) onRecord(record)
    },
  })
  await follower.stop()
}

function deadLetterOf(record: LogRecord, topics: ReadTopics): DeadLetter {
  const text = (name: string): string => headerText(record, name) ?? ''
  const topic = text(HEADERS.errorTopic)
  const timeMs = Date.parse(text(HEADERS.errorTime))
  return {
    position: positionOf(record),
    code: text(HEADERS.errorCode),
    stage: text(HEADERS.errorStage),
    message: text(HEADERS.errorMessage),
    timeMs: Number.isNaN(timeMs) ? record.timestampMs : timeMs,
    topic,
    source: text(HEADERS.source),
    firstSource: headerText(record, HEADERS.firstSource),
    key: record.key?.toString() ?? null,
    bytes: (record.key?.length ?? 0) + (record.value?.length ?? 0),
    state: stateOf(record, topic, topics),
  }
}

function stateOf(record: LogRecord, topic: string, topics: ReadTopics): DeadLetterState {
  if (topic !== topics.events && topic !== topics.labels) return 'foreign'
  // A letter from before there was the header of masks still says by its code that it held a card number.
  const isMasked =
    headerText(record, HEADERS.errorMasked) !== null ||
    headerText(record, HEADERS.errorCode) === 'CARD_NUMBER_IN_CLEAR'
  return isMasked ? 'masked' : 'open'
}

function passes(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { positions, codes, stage, topic, key, sinceMs, untilMs } = filter
  return (
    (positions === undefined || positions.has(letter.position)) &&
    (codes === undefined || codes.has(letter.code)) &&
    (stage === undefined || stage === letter.stage) &&
    (topic === undefined || topic === letter.topic) &&
    (key === undefined || key === letter.key) &&
    (sinceMs === undefined || letter.timeMs >= sinceMs) &&
    (untilMs === undefined || letter.timeMs < untilMs)
  )
}

function positionOf({ partition, offset }: LogRecord): string {
  return `${partition}/${offset}`
}
