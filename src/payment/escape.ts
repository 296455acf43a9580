// Escapes read back, with the way from each character to its place in the text: digits can hide in escapes, or beside them.

export interface Unescaped {
  readonly text: string
  /** Index in the original text of each character, and of the end; empty for the original itself. */
  readonly places: readonly number[]
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/**
 * The readings of a text: as it stands; with one, two and three layers of JSON escapes read back, for JSON within a text of
 * JSON; the last of these with percent escapes read back; and the text without NULs, as UTF-16 puts them between digits.
 * Works on any text; what is no escape stays.
 */
export function readings(text: string): readonly Unescaped[] {
  let last: Unescaped = { text, places: [] }
  const found = [last]
  for (let layer = 1; layer <= 3 && last.text.includes('\\'); layer++) {
    last = unescaped(last, jsonEscape)
    found.push(last)
  }
  if (last.text.includes('%')) found.push(unescaped(last, percentEscape))
  if (text.includes('\0')) found.push(withoutNul(text))
  return found
}

/** Where character `index` of the reading stands in the original text. */
export function placeOf(reading: Unescaped, index: number): number {
  return reading.places[index] ?? index
}

/** What an escape stands for and how long it is. */
interface Escape {
  readonly character: string
  readonly length: number
}

function unescaped(from: Unescaped, escapeAt: (text: string, at: number) => Escape | null): Unescaped {
  const { text } = from
  const parts: string[] = []
  const places: number[] = []
  for (let at = 0; at < text.length; ) {
    const escape = escapeAt(text, at)
    places.push(placeOf(from, at))
    parts.push(escape === null ? text.charAt(at) : escape.character)
    at += escape === null ? 1 : escape.length
  }
  places.push(placeOf(from, text.length))
  return { text: parts.join(''), places }
}

function withoutNul(text: string): Unescaped {
  const places: number[] = []
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== 0) places.push(at)
  places.push(text.length)
  return { text: text.replaceAll('\0', ''), places }
}

function jsonEscape(text: string, at: number): Escape | null {
  if (text.charAt(at) !== '\\') return null
  const letter = text.charAt(at + 1)
  if (letter === 'u' && isHex(text, at + 2, 4)) return { character: codeAt(text, at + 2, 4), length: 6 }
  const character = SHORT[letter]
  return character === undefined ? null : { character, length: 2 }
}

/** A byte each: what matters are digits and what parts them, which are one byte in UTF-8. */
function percentEscape(text: string, at: number): Escape | null {
  if (text.charAt(at) !== '%' || !isHex(text, at + 1, 2)) return null
  return { character: codeAt(text, at + 1, 2), length: 3 }
}

function codeAt(text: string, at: number, digits: number): string {
  return String.fromCharCode(Number.parseInt(text.slice(at, at + digits), 16))
}

function isHex(text: string, at: number, digits: number): boolean {
  for (let index = at; index < at + digits; index++) {
    const code = text.charCodeAt(index)
    const lower = code | 0x20
    if (!((code >= 48 && code <= 57) || (lower >= 97 && lower <= 102))) return false
  }
  return true
}
