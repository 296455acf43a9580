// Recorded traffic in a file: JSON Lines as `paysentry simulate --to FILE` writes them, or bare events and labels, one a line.
// Read in one go from front to back, holding one piece of the file at a time. The order of the lines is the order of arrival.
import { open } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { LogRecord } from '../log/event-log.ts'
import type { TopicNames } from '../log/topics.ts'

export interface RecordedLine {
  readonly kind: 'event' | 'label'
  /** From 1. */
  readonly line: number
  /** Broker timestamp, epoch milliseconds; infinite in a file, which holds none. */
  readonly timestampMs: number
  /** The message as it was published; null for a message without a value. */
  readonly value: Buffer | null
}

/** Traffic that can be read again and again, and is the same each time. */
export interface Recording {
  /**
   * The messages in the order of arrival, some at a time: all, or at least every label. `onProgress` is told how much is done, and of
   * how much. Throws RECORDING_INVALID or LOG_UNAVAILABLE.
   */
  read(
    what: 'all' | 'labels',
    onProgress: (done: number, of: number) => void,
  ): AsyncGenerator<readonly RecordedLine[]>
}

export function fileRecording(file: string): Recording {
  return { read: (_what, onProgress) => readRecording({ file, onProgress }) }
}

export interface ReadOptions {
  readonly file: string
  /** Bytes read so far, and of how many. */
  readonly onProgress?: (done: number, of: number) => void
}

const PIECE_BYTES = 1 << 20
const LINE_FEED = 10
/** What `simulate` writes before the value. Keys are short: a longer beginning is read the slow way. */
const ENVELOPE = /^\{"topic":"[^"\\]*(events|labels)","key":(?:null|"(?:[^"\\]|\\.)*"),"value":/
const LONGEST_ENVELOPE = 512
const SHOWN_CHARACTERS = 60
/** No event is ahead of it. */
const NO_TIMESTAMP = Number.POSITIVE_INFINITY

/** All lines of the file, some at a time. Throws RECORDING_INVALID with file and line for what is no JSON object. */
export async function* readRecording({ file, onProgress }: ReadOptions): AsyncGenerator<RecordedLine[]> {
  const handle = await open(file).catch((error: unknown) => {
    throw new AppError('RECORDING_INVALID', `${file} cannot be read; name a file of JSON Lines`, {
      cause: error,
    })
  })
  try {
    const { size } = await handle.stat()
    let rest: Buffer = Buffer.alloc(0)
    let line = 0
    let done = 0
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES)
      done += bytesRead
      const fresh = buffer.subarray(0, bytesRead)
      const piece = rest.length === 0 ? fresh : Buffer.concat([rest, fresh])
      const lines: RecordedLine[] = []
      let start = 0
      for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
        line++
        if (end > start) lines.push(parseLine(piece.subarray(start, end), line, file))
        start = end + 1
      }
      rest = piece.subarray(start)
      if (bytesRead === 0 && rest.length > 0) lines.push(parseLine(rest, ++line, file))
      if (lines.length > 0) yield lines
      onProgress?.(done, size)
      if (bytesRead === 0) return
    }
  } finally {
    await handle.close()
  }
}

/** The value is cut out as it stands: parsing it here would double the work, and a bad message must stay bad. */
function parseLine(bytes: Buffer, line: number, file: string): RecordedLine {
  const envelope = ENVELOPE.exec(bytes.toString('latin1', 0, LONGEST_ENVELOPE))
  if (envelope !== null) {
    const kind = envelope[1] === 'events' ? 'event' : 'label'
    const value = bytes.subarray(envelope[0].length, bytes.lastIndexOf('}'))
    if (value[0] === 0x7b) return { kind, line, timestampMs: NO_TIMESTAMP, value }
  }
  return parseSlowly(bytes, line, file)
}

function parseSlowly(bytes: Buffer, line: number, file: string): RecordedLine {
  const text = bytes.toString('utf8').trim()
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw invalid(file, line, text, error)
  }
  if (typeof content !== 'object' || content === null) throw invalid(file, line, text)
  if ('topic' in content && 'value' in content && typeof content.topic === 'string') {
    const { topic, value } = content
    const kind = topic.endsWith('labels') ? 'label' : 'event'
    if (value === null) return { kind, line, timestampMs: NO_TIMESTAMP, value: null }
    return {
      kind,
      line,
      timestampMs: NO_TIMESTAMP,
      value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    }
  }
  return {
    kind: 'label' in content && 'event' in content ? 'label' : 'event',
    line,
    timestampMs: NO_TIMESTAMP,
    value: Buffer.from(text),
  }
}

function invalid(file: string, line: number, text: string, cause?: unknown): AppError {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
  return new AppError(
    'RECORDING_INVALID',
    `${file}:${line} is no JSON object: ${shown}; each line holds one message, as "paysentry simulate --to FILE" writes them`,
    { cause },
  )
}

/** The message of a line as a log would hand it over. */
export function recordOf(
  { kind, line, timestampMs, value }: RecordedLine,
  topics: Pick<TopicNames, 'events' | 'labels'>,
): LogRecord {
  return {
    topic: kind === 'event' ? topics.events : topics.labels,
    partition: 0,
    offset: String(line),
    timestampMs,
    key: null,
    value,
    headers: {},
  }
}
