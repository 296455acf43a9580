// What is wrong with a message, for the person who must mend its publisher: field, remedy, what was found.
// No value of a personal field is shown, and no card number anywhere.
import type { z } from 'zod'
import { nearest, suggestion } from '../nearest.ts'
import { maskCardNumbers } from './card-number.ts'
import { CURRENCIES } from './currency.ts'
import { labelSchema, paymentEventSchema } from './event.ts'

/** Problems named in one message; the rest is counted. */
const MOST_PROBLEMS = 5
const LONGEST_VALUE = 40
const LONGEST_PATH = 80
const MOST_NAMES = 100

/** Fields whose values may be shown: they identify nobody. */
const SHOWN: ReadonlySet<string> = new Set([
  'type',
  'time',
  'amount',
  'currency',
  'outcome',
  'channel',
  'label',
  'source',
  'payer.country',
  'payee.country',
  'payee.mcc',
  'instrument.type',
  'instrument.issuerCountry',
  'authentication.method',
  'authentication.result',
])

const REQUIRED: ReadonlySet<string> = new Set(
  [paymentEventSchema, labelSchema].flatMap(({ shape }) =>
    Object.entries(shape).flatMap(([name, field]) => (field.safeParse(undefined).success ? [] : [name])),
  ),
)
const KNOWN: ReadonlySet<string> = new Set([
  ...Object.keys(paymentEventSchema.shape),
  ...Object.keys(labelSchema.shape),
])
const NO_VALUE = '; leave a field out that has no value'

/** All that zod found wrong with `message`, as one line. */
export function describeProblems(issues: readonly z.core.$ZodIssue[], message: object): string {
  const lines = issues.slice(0, MOST_PROBLEMS).map((issue) => describeProblem(issue, message))
  if (issues.length > MOST_PROBLEMS) lines.push(`and ${issues.length - MOST_PROBLEMS} more`)
  return lines.join('; ')
}

function describeProblem(issue: z.core.$ZodIssue, message: object): string {
  const path = issue.path.map(String)
  const name = shownPath(path.join('.'))
  const value = valueAt(message, path)
  if (value === undefined) return `${name} is required${misspelling(message, path)}`
  if (issue.code === 'invalid_key') return `${name} ${issue.issues[0]?.message ?? issue.message}`
  if (issue.code === 'custom' && typeof value === 'object') return `${name} ${issue.message}`
  const found = SHOWN.has(name) ? shownValue(value) : kindOf(value)
  const hint = value === null && !REQUIRED.has(name) ? NO_VALUE : near(issue, name, value)
  return `${name} ${issue.message}; found ${found}${hint}`
}

/** The name of a field for a message: short and without card numbers. */
export function shownPath(path: string): string {
  return shortened(maskCardNumbers(path), LONGEST_PATH)
}

/** A value for a message: as JSON, short and without card numbers. */
export function shownValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return kindOf(value)
  return shortened(maskCardNumbers(JSON.stringify(value)), LONGEST_VALUE)
}

/** What sort of value it is, without the value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string')
    return value.length === 1 ? 'a text of 1 character' : `a text of ${value.length} characters`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function near(issue: z.core.$ZodIssue, name: string, value: unknown): string {
  if (typeof value !== 'string') return ''
  if (issue.code === 'invalid_value') return dotted(suggestion(value, issue.values.map(String)))
  return name === 'currency' ? dotted(suggestion(value, CURRENCIES)) : ''
}

/** A suggestion is a sentence of its own. */
function dotted(sentence: string): string {
  return sentence === '' ? '' : `.${sentence}`
}

/** Names the field of the same object that was probably meant to be the missing one. */
function misspelling(message: object, path: readonly string[]): string {
  const parent = valueAt(message, path.slice(0, -1))
  const wanted = path.at(-1)
  if (typeof parent !== 'object' || parent === null || wanted === undefined) return ''
  const unknown = Object.keys(parent)
    .slice(0, MOST_NAMES)
    .filter((name) => !KNOWN.has(name))
  const name = nearest(wanted, unknown)
  return name === null ? '' : `; the message has "${shownPath(name)}"`
}

function valueAt(message: object, path: readonly string[]): unknown {
  let value: unknown = message
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

function shortened(text: string, length: number): string {
  const characters = Array.from(text.slice(0, 2 * length + 2))
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
