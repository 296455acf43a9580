// Splits a request body into the raw bytes of its events, unchanged, so that what is decided is what was sent.
// Either the whole body is JSON, or the problem is named with its place and nothing is taken.
import {
  CLOSE_BRACKET,
  COMMA,
  type Cursor,
  expected,
  OPEN_BRACKET,
  skipSpace,
  skipValue,
} from './json-scan.ts'

/** `array`: a JSON array of events. `sequence`: JSON values one after another, as in NDJSON. */
export interface SplitBody {
  readonly kind: 'array' | 'sequence'
  /** Views into the body, without the white space around the values. */
  readonly events: readonly Buffer[]
}

export interface BodyProblem {
  /** What was expected, or found. */
  readonly message: string
  /** Byte of the body at which it stands, from 0. */
  readonly byte: number
  /** From 1. */
  readonly line: number
  /** Character within the line, from 1. */
  readonly column: number
}

const LINE_FEED = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Splits `body`, leaving out a byte-order mark. With `takeArrays` an array at the top is taken apart into its elements;
 * without, it is a value like any other. Values need not stand on lines of their own: `curl -d @file` removes line feeds.
 */
export function splitEventBody(body: Buffer, takeArrays: boolean): SplitBody | BodyProblem {
  const start = body.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0
  const cursor: Cursor = { bytes: body, at: start }
  skipSpace(cursor)
  const kind = takeArrays && body[cursor.at] === OPEN_BRACKET ? 'array' : 'sequence'
  const events: Buffer[] = []
  const problem = kind === 'array' ? takeElements(cursor, events) : takeSequence(cursor, events)
  return problem === null ? { kind, events } : locate(body.subarray(start), cursor.at - start, problem, start)
}

function takeValue(cursor: Cursor, events: Buffer[]): string | null {
  const from = cursor.at
  const problem = skipValue(cursor)
  if (problem !== null) return problem
  events.push(cursor.bytes.subarray(from, cursor.at))
  skipSpace(cursor)
  return null
}

function takeSequence(cursor: Cursor, events: Buffer[]): string | null {
  while (cursor.at < cursor.bytes.length) {
    const problem = takeValue(cursor, events)
    if (problem !== null) return problem
  }
  return null
}

function takeElements(cursor: Cursor, events: Buffer[]): string | null {
  const { bytes } = cursor
  cursor.at++
  skipSpace(cursor)
  while (bytes[cursor.at] !== CLOSE_BRACKET || events.length > 0) {
    const problem = takeValue(cursor, events)
    if (problem !== null) return problem
    if (bytes[cursor.at] === CLOSE_BRACKET) break
    if (bytes[cursor.at] !== COMMA) return expected(cursor, '"," or "]" after an event')
    cursor.at++
    skipSpace(cursor)
  }
  cursor.at++
  skipSpace(cursor)
  return cursor.at < bytes.length ? expected(cursor, 'nothing after the array') : null
}

function locate(text: Buffer, at: number, message: string, start: number): BodyProblem {
  const before = text.subarray(0, at)
  let line = 1
  for (let feed = before.indexOf(LINE_FEED); feed !== -1; feed = before.indexOf(LINE_FEED, feed + 1)) line++
  const lineStart = before.lastIndexOf(LINE_FEED) + 1
  return { message, byte: start + at, line, column: characters(before.subarray(lineStart)) + 1 }
}

/** Code points: the bytes of UTF-8 that do not continue a character. */
function characters(text: Buffer): number {
  let count = 0
  for (const byte of text) if ((byte & 0xc0) !== 0x80) count++
  return count
}
