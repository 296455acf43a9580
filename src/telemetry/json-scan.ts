// Walks over JSON in bytes without building anything: the whole grammar of RFC 8259, so that what passes parses.
// In UTF-8 no byte of a longer character equals one of JSON's own, so bytes need no decoding.

/** A place in a text; the functions here move it forward. */
export interface Cursor {
  readonly bytes: Buffer
  at: number
}

export const COMMA = 0x2c
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
const WORDS = ['true', 'false', 'null'] as const

export function skipSpace(cursor: Cursor): void {
  for (;;) {
    const byte = cursor.bytes[cursor.at]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
    cursor.at++
  }
}

/** The message of a problem at the cursor. */
export function expected(cursor: Cursor, what: string): string {
  return `expected ${what}${cursor.at >= cursor.bytes.length ? ', but the body ends' : ''}`
}

/**
 * Moves behind one value, however deep. Returns null, or what is wrong at the cursor.
 * Open containers stand in a list, not on the call stack, which a body of `[[[[…` would fill.
 */
export function skipValue(cursor: Cursor): string | null {
  const open: number[] = []
  for (;;) {
    const byte = cursor.bytes[cursor.at]
    let problem: string | null
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      cursor.at++
      skipSpace(cursor)
      if (cursor.bytes[cursor.at] !== closingOf(byte)) {
        open.push(byte)
        problem = byte === OPEN_BRACE ? skipName(cursor) : null
        if (problem !== null) return problem
        continue
      }
      cursor.at++
      problem = null
    } else {
      problem = skipScalar(cursor, byte)
    }
    problem ??= leaveContainers(cursor, open)
    if (problem !== null || open.length === 0) return problem
  }
}

/** Behind a value: closes the containers that end here, and goes on to the next element where there is one. */
function leaveContainers(cursor: Cursor, open: number[]): string | null {
  for (let container = open.at(-1); container !== undefined; container = open.at(-1)) {
    skipSpace(cursor)
    const byte = cursor.bytes[cursor.at]
    if (byte === COMMA) {
      cursor.at++
      skipSpace(cursor)
      return container === OPEN_BRACE ? skipName(cursor) : null
    }
    if (byte !== closingOf(container)) {
      return expected(cursor, container === OPEN_BRACE ? '"," or "}"' : '"," or "]"')
    }
    cursor.at++
    open.pop()
  }
  return null
}

function closingOf(container: number): number {
  return container === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
}

function skipName(cursor: Cursor): string | null {
  if (cursor.bytes[cursor.at] !== QUOTE) return expected(cursor, 'a name in double quotes')
  const problem = skipString(cursor)
  if (problem !== null) return problem
  skipSpace(cursor)
  if (cursor.bytes[cursor.at] !== COLON) return expected(cursor, '":" after the name')
  cursor.at++
  skipSpace(cursor)
  return null
}

function skipScalar(cursor: Cursor, byte: number | undefined): string | null {
  if (byte === QUOTE) return skipString(cursor)
  if (byte !== undefined && isNumberByte(byte)) return skipNumber(cursor)
  for (const word of WORDS) {
    const end = cursor.at + word.length
    if (cursor.bytes.toString('latin1', cursor.at, end) !== word) continue
    cursor.at = end
    return null
  }
  return expected(cursor, 'a JSON value')
}

function skipNumber(cursor: Cursor): string | null {
  let end = cursor.at
  for (let byte = cursor.bytes[end]; byte !== undefined && isNumberByte(byte); byte = cursor.bytes[end]) end++
  const text = cursor.bytes.toString('latin1', cursor.at, end)
  if (!NUMBER.test(text)) return expected(cursor, 'a JSON value; this is no JSON number')
  cursor.at = end
  return null
}

/** Digits, `+`, `-`, `.`, `e` and `E`. */
function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e ||
    (byte | 0x20) === 0x65
  )
}

function skipString(cursor: Cursor): string | null {
  const { bytes } = cursor
  cursor.at++
  for (;;) {
    const byte = bytes[cursor.at]
    if (byte === undefined) return expected(cursor, 'the closing double quote')
    if (byte < 0x20) return 'a control character within a text must be escaped'
    if (byte === BACKSLASH) {
      const length = escapeLength(bytes, cursor.at)
      if (length === 0) return 'JSON does not know this escape'
      cursor.at += length
    } else {
      cursor.at++
      if (byte === QUOTE) return null
    }
  }
}

/** Bytes of the escape at `at`; 0 when it is none. */
function escapeLength(bytes: Buffer, at: number): number {
  const letter = bytes.toString('latin1', at + 1, at + 2)
  if (letter === 'u') return /^[0-9a-fA-F]{4}$/.test(bytes.toString('latin1', at + 2, at + 6)) ? 6 : 0
  return letter !== '' && '"\\/bfnrt'.includes(letter) ? 2 : 0
}
