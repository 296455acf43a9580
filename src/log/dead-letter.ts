// Dead letters: messages that cannot become decisions, kept whole with the reason, so that they can be mended and replayed.
// Key, value and headers stay as they came, to the byte, but for card numbers, which are masked (payment/card-mask.ts).
import type { Rejected } from '../batch.ts'
import type { LogRecord, OutputRecord } from './event-log.ts'
import { HEADERS, type TopicNames } from './topics.ts'

/** A reason longer than this is cut, characters: the headers of a message are for reading. */
const MAX_MESSAGE_LENGTH = 500

export interface DeadLetterOptions {
  readonly topics: Pick<TopicNames, 'deadLetters'>
  /** When the message was rejected, epoch milliseconds. */
  readonly nowMs: number
  /** The record's content without card numbers. */
  readonly mask: (record: LogRecord) => Pick<LogRecord, 'key' | 'value' | 'headers'>
}

/** The dead letter of a rejected message. Headers of an earlier rejection are replaced by this one's. */
export function deadLetter(rejected: Rejected, { topics, nowMs, mask }: DeadLetterOptions): OutputRecord {
  const { record, code, stage, message } = rejected
  const { key, value, headers } = mask(record)
  return {
    topic: topics.deadLetters,
    key,
    value,
    headers: {
      ...headers,
      [HEADERS.source]: `${record.topic}/${record.partition}/${record.offset}`,
      [HEADERS.errorCode]: code,
      [HEADERS.errorStage]: stage,
      [HEADERS.errorMessage]: shortened(message),
      [HEADERS.errorTopic]: record.topic,
      [HEADERS.errorPartition]: String(record.partition),
      [HEADERS.errorOffset]: record.offset,
      [HEADERS.errorTime]: new Date(nowMs).toISOString(),
    },
  }
}

function shortened(text: string): string {
  const characters = Array.from(text)
  return characters.length <= MAX_MESSAGE_LENGTH
    ? text
    : `${characters.slice(0, MAX_MESSAGE_LENGTH - 1).join('')}…`
}
