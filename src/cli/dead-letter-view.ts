// Dead letters as text for a terminal of 80 columns. What came from outside is shown, never sent to the terminal as it is.
import type { DeadLetter, DeadLetterState } from '../log/dead-letter-reader.ts'
import type { Headers } from '../log/event-log.ts'

const COLUMNS = 80
const WIDTH = { position: 12, time: 19, code: 24, state: 8 } as const
const STATES: readonly DeadLetterState[] = ['open', 'replayed', 'masked', 'foreign']

/** Two lines a letter, the newest `limit` of them, then how many there are of each code and state. */
export function deadLetterTable(letters: readonly DeadLetter[], limit: number): string {
  if (letters.length === 0) return 'no dead letters\n'
  const shown = letters.slice(Math.max(0, letters.length - limit))
  const lines = [row('POSITION', 'REJECTED (UTC)', 'CODE', 'STATE')]
  for (const { position, timeMs, code, state, source, message } of shown) {
    lines.push(row(position, utc(timeMs), code, state))
    lines.push(cut(`  ${source}  ${printable(message)}`))
  }
  if (shown.length < letters.length) {
    lines.push(`  … and ${letters.length - shown.length} older ones; --limit shows more`)
  }
  return `${lines.join('\n')}\n\n${countText(letters)}`
}

/** `EVENT_INVALID  12`, a line for each code, and the states of all. */
function countText(letters: readonly DeadLetter[]): string {
  const { codes, states } = countsOf(letters)
  const lines = Object.entries(codes).map(([code, n]) => `${cut(printable(code), 40).padEnd(40)} ${n}`)
  const total = Object.entries(states).map(([state, n]) => `${n} ${state}`)
  return `${lines.join('\n')}\n${'all'.padEnd(40)} ${letters.length}: ${total.join(', ')}\n`
}

export interface DeadLetterCounts {
  /** Most frequent first. */
  readonly codes: Readonly<Record<string, number>>
  /** Only those that occur. */
  readonly states: Readonly<Record<string, number>>
}

export function countsOf(letters: readonly DeadLetter[]): DeadLetterCounts {
  const byCode = Map.groupBy(letters, ({ code }) => code)
  const codes = [...byCode]
    .map(([code, { length }]) => [code, length] as const)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const states = STATES.map((state) => [state, letters.filter((l) => l.state === state).length] as const)
  return { codes: Object.fromEntries(codes), states: Object.fromEntries(states.filter(([, n]) => n > 0)) }
}

/** One letter with all its headers and its value, masked as it is stored. */
export function deadLetterText(
  letter: DeadLetter,
  { headers, value }: { headers: Headers; value: Buffer | null },
): string {
  const fields: [string, string][] = [
    ['position', letter.position],
    ['state', letter.state],
    ['key', letter.key === null ? '(none)' : printable(letter.key)],
  ]
  for (const [name, content] of Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1))) {
    fields.push([printable(name), printable(content.toString())])
  }
  const width = Math.max(...fields.map(([name]) => name.length))
  const lines = fields.map(([name, content]) => `${name.padEnd(width)}  ${content}`)
  const body = value === null ? '(no value)' : printable(value.toString())
  return `${lines.join('\n')}\n\n${body}\n`
}

function row(position: string, time: string, code: string, state: string): string {
  const cells = [
    position.padEnd(WIDTH.position),
    time.padEnd(WIDTH.time),
    cut(printable(code), WIDTH.code).padEnd(WIDTH.code),
    state.padEnd(WIDTH.state),
  ]
  return cells.join('  ').trimEnd()
}

function utc(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
}

function cut(text: string, columns = COLUMNS): string {
  const characters = Array.from(text)
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join('')}…`
}

/** Controls, bytes that are no character, and what turns the writing direction come as their code. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Bidi_Control}\p{Co}\p{Cn}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
