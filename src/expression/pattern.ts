// Regular expressions for `matches`: the part of RE2's syntax that needs no memory of what was matched, parsed into a
// tree. automaton.ts runs it in time linear in the text, so that no text, however chosen, can make a rule slow.

/** Inclusive ranges of code points. */
export type CharSet = readonly (readonly [from: number, to: number])[]

export type PatternNode =
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'begin' | 'end' }
  | { readonly op: 'sequence' | 'either'; readonly items: readonly PatternNode[] }
  | { readonly op: 'repeat'; readonly item: PatternNode; readonly min: number; readonly max: number }

export type ParsedPattern =
  | { readonly ok: true; readonly root: PatternNode }
  | { readonly ok: false; readonly message: string }

const LAST = 0x10ffff
const MOST_REPEATS = 100
const DIGIT: CharSet = [[0x30, 0x39]]
const WORD: CharSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const SPACE: CharSet = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
]
const NOT_NEWLINE: CharSet = [
  [0, 0x09],
  [0x0b, LAST],
]
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGIT,
  w: WORD,
  s: SPACE,
  D: complement(DIGIT),
  W: complement(WORD),
  S: complement(SPACE),
}
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' }
/** `{1234,1234}` */
const LONGEST_BOUNDS = 11
const NOTHING: PatternNode = { op: 'sequence', items: [] }

/** Where the parser is, and the first thing that was wrong. */
interface Cursor {
  readonly chars: readonly string[]
  readonly ignoreCase: boolean
  at: number
  problem: string | null
}

/**
 * Parses a pattern: literals, `.`, `[…]`, `\d \w \s` and their opposites, `^ $`, groups, `|`, `* + ? {m,n}` with at most
 * 100 repeats, and `(?i)` in front. No back-references, look-around, word boundaries or named groups.
 */
export function parsePattern(source: string): ParsedPattern {
  const ignoreCase = source.startsWith('(?i)')
  const chars = Array.from(ignoreCase ? source.slice(4) : source)
  const cursor: Cursor = { chars, ignoreCase, at: 0, problem: null }
  const root = either(cursor)
  if (cursor.at < chars.length) fail(cursor, 'a ) has no (')
  return cursor.problem === null ? { ok: true, root } : { ok: false, message: cursor.problem }
}

/** Notes the problem and goes to the end, so that parsing stops. */
function fail(cursor: Cursor, message: string): PatternNode {
  cursor.problem ??= message
  cursor.at = cursor.chars.length
  return NOTHING
}

function peek({ chars, at }: Cursor): string {
  return chars[at] ?? ''
}

function take(cursor: Cursor): string {
  return cursor.chars[cursor.at++] ?? ''
}

function either(cursor: Cursor): PatternNode {
  const first = sequence(cursor)
  if (peek(cursor) !== '|') return first
  const items = [first]
  while (peek(cursor) === '|') {
    cursor.at++
    items.push(sequence(cursor))
  }
  return { op: 'either', items }
}

function sequence(cursor: Cursor): PatternNode {
  const items: PatternNode[] = []
  while (!['', '|', ')'].includes(peek(cursor))) items.push(repeated(cursor, atom(cursor)))
  return { op: 'sequence', items }
}

function repeated(cursor: Cursor, item: PatternNode): PatternNode {
  const bounds = quantifier(cursor)
  if (bounds === null) return item
  // A lazy quantifier matches the same texts.
  if (peek(cursor) === '?') cursor.at++
  if (item.op === 'begin' || item.op === 'end') return fail(cursor, 'an anchor cannot be repeated')
  const [min, max] = bounds
  if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Number.POSITIVE_INFINITY)) {
    return fail(cursor, `more than ${MOST_REPEATS} repeats`)
  }
  if (min > max) return fail(cursor, `{${min},${max}} has its bounds the wrong way round`)
  if (quantifier(cursor) !== null) return fail(cursor, 'two repeats in a row')
  return { op: 'repeat', item, min, max }
}

function quantifier(cursor: Cursor): readonly [number, number] | null {
  const simple = SIMPLE[peek(cursor)]
  if (simple !== undefined) {
    cursor.at++
    return simple
  }
  const ahead = cursor.chars.slice(cursor.at, cursor.at + LONGEST_BOUNDS).join('')
  const [all, min = '', comma, max = ''] = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(ahead) ?? []
  if (all === undefined) return null
  cursor.at += all.length
  if (comma === undefined) return [Number(min), Number(min)]
  return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)]
}

function atom(cursor: Cursor): PatternNode {
  const char = take(cursor)
  switch (char) {
    case '.':
      return { op: 'set', set: NOT_NEWLINE }
    case '^':
      return { op: 'begin' }
    case '$':
      return { op: 'end' }
    case '(':
      return group(cursor)
    case '[':
      return bracket(cursor)
    case '\\':
      return setOf(cursor, escaped(cursor))
    case '*':
    case '+':
    case '?':
      return fail(cursor, `nothing stands before "${char}"`)
    default:
      return setOf(cursor, single(char))
  }
}

function group(cursor: Cursor): PatternNode {
  if (peek(cursor) === '?') {
    if (cursor.chars[cursor.at + 1] !== ':') {
      return fail(cursor, 'of groups with "?" only (?:…) is known, and (?i) in front')
    }
    cursor.at += 2
  }
  const inner = either(cursor)
  return take(cursor) === ')' ? inner : fail(cursor, 'a group is not closed')
}

function escaped(cursor: Cursor): CharSet {
  const char = take(cursor)
  const known = CLASSES[char]
  if (known !== undefined) return known
  const control = CONTROLS[char]
  if (control !== undefined) return single(control)
  if (char === '') fail(cursor, 'it ends with a backslash')
  else if (/[A-Za-z0-9]/.test(char)) fail(cursor, `\\${char} is not known here`)
  return single(char)
}

function bracket(cursor: Cursor): PatternNode {
  const negated = peek(cursor) === '^'
  if (negated) cursor.at++
  const ranges: (readonly [number, number])[] = []
  // A ] that comes first is a member.
  for (let first = true; first || peek(cursor) !== ']'; first = false) {
    if (peek(cursor) === '') return fail(cursor, 'a [ is not closed')
    const from = member(cursor)
    const hasEnd = peek(cursor) === '-' && ![']', ''].includes(cursor.chars[cursor.at + 1] ?? '')
    if (!hasEnd) {
      ranges.push(...from)
      continue
    }
    cursor.at++
    const to = member(cursor)
    const [low, high] = [from[0]?.[0], to[0]?.[0]]
    if (from.length !== 1 || to.length !== 1 || low === undefined || high === undefined || low > high) {
      return fail(cursor, 'a range in [ ] has its ends the wrong way round')
    }
    ranges.push([low, high])
  }
  cursor.at++
  const inside = cursor.ignoreCase ? bothCases(ranges) : ranges
  return { op: 'set', set: negated ? complement(inside) : inside }
}

function member(cursor: Cursor): CharSet {
  const char = take(cursor)
  return char === '\\' ? escaped(cursor) : single(char)
}

function setOf({ ignoreCase }: Cursor, set: CharSet): PatternNode {
  return { op: 'set', set: ignoreCase ? bothCases(set) : set }
}

const SIMPLE: Readonly<Record<string, readonly [number, number]>> = {
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
  '?': [0, 1],
}

function single(char: string): CharSet {
  const point = char.codePointAt(0) ?? 0
  return [[point, point]]
}

function complement(set: CharSet): CharSet {
  const result: (readonly [number, number])[] = []
  let next = 0
  for (const [from, to] of [...set].sort((a, b) => a[0] - b[0])) {
    if (from > next) result.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  if (next <= LAST) result.push([next, LAST])
  return result
}

/** The set with A to Z and a to z joined; other letters are left as they are. */
function bothCases(set: CharSet): CharSet {
  const folded = [...set]
  for (const [from, to] of set) {
    for (const [low, high, shift] of [
      [0x41, 0x5a, 0x20],
      [0x61, 0x7a, -0x20],
    ] as const) {
      const start = Math.max(from, low)
      const end = Math.min(to, high)
      if (start <= end) folded.push([start + shift, end + shift])
    }
  }
  return folded
}
