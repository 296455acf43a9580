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
  const content = mask(record)
  const { key, value } = content
  const { [HEADERS.errorMasked]: _earlier, ...headers } = content.headers
  const masked = maskedParts(record, content)
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
      ...(masked.length === 0 ? {} : { [HEADERS.errorMasked]: masked.join(',') }),
    },
  }
}

/** What the mask changed: a message that lost something cannot be replayed as it was. */
function maskedParts(record: LogRecord, content: Pick<LogRecord, 'key' | 'value' | 'headers'>): string[] {
  // A name that was masked is no name of the record any more.
  const sameHeaders = Object.entries(content.headers).every(([name, value]) => record.headers[name] === value)
  return [
    ...(content.key === record.key ? [] : ['key']),
    ...(content.value === record.value ? [] : ['value']),
    ...(sameHeaders ? [] : ['headers']),
  ]
}

function shortened(text: string): string {
  const characters = Array.from(text)
  return characters.length <= MAX_MESSAGE_LENGTH
    ? text
    : `${characters.slice(0, MAX_MESSAGE_LENGTH - 1).join('')}…`
}
