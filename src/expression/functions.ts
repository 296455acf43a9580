// The functions of the language besides windows, with their CEL signatures. All are total: no argument makes one throw.

/** Functions of one number. `ln` and `log10` of 0 are -infinity, of a negative number unknown; so is its `sqrt`. */
export const NUMBER_FUNCTIONS = {
  abs: (x: number) => Math.abs(x),
  floor: (x: number) => Math.floor(x),
  ceil: (x: number) => Math.ceil(x),
  ln: (x: number) => Math.log(x),
  log10: (x: number) => Math.log10(x),
  sqrt: (x: number) => Math.sqrt(x),
  /** Lengths of time in seconds, to compare with `first_seen` and `last_seen`. */
  minutes: (n: number) => n * 60,
  hours: (n: number) => n * 3_600,
  days: (n: number) => n * 86_400,
} as const satisfies Record<string, (x: number) => number>

/** SQL's names, because `min` and `max` are windows here. Unknown when either argument is. */
export const PAIR_FUNCTIONS = {
  least: (a: number, b: number) => Math.min(a, b),
  greatest: (a: number, b: number) => Math.max(a, b),
} as const satisfies Record<string, (a: number, b: number) => number>

/** Time of day and weekday where the payer or the payee is. */
export const LOCAL_FUNCTIONS = ['local_hour', 'local_weekday'] as const
export type LocalFunction = (typeof LOCAL_FUNCTIONS)[number]

export function isLocalFunction(name: string): name is LocalFunction {
  return LOCAL_FUNCTIONS.some((known) => known === name)
}

/** What `degraded('…')` can ask for. Of `late:card` it is the part before the colon. */
export const DEGRADATIONS = ['journals', 'model', 'deadline', 'late', 'rate'] as const
export type Degradation = (typeof DEGRADATIONS)[number]

/** The name of something that can be missing; null for another text. */
export function degradationNamed(name: unknown): Degradation | null {
  return DEGRADATIONS.find((known) => known === name) ?? null
}

export const TEXT_METHODS = [
  'startsWith',
  'endsWith',
  'contains',
  'matches',
  'lowerAscii',
  'upperAscii',
  'trim',
  'size',
  'substring',
  'indexOf',
  'lastIndexOf',
] as const
export type TextMethod = (typeof TEXT_METHODS)[number]

/** How each function is called, for messages. */
export const USAGE: Readonly<Record<string, string>> = {
  count: "count(entity, '1h') or count(entity, '1h', kind)",
  sum: "sum(entity, '1h') or sum(entity, '1h', kind)",
  mean: "mean(entity, '1h') or mean(entity, '1h', kind)",
  min: "min(entity, '1h') or min(entity, '1h', kind); the smaller of two numbers is least(a, b)",
  max: "max(entity, '1h') or max(entity, '1h', kind); the larger of two numbers is greatest(a, b)",
  stddev: "stddev(entity, '1h') or stddev(entity, '1h', kind)",
  distinct: "distinct(entity, counterpart, '1h') or distinct(entity, counterpart, '1h', kind)",
  rate: "rate(entity, '28d', fraud) or, with a delay, rate(entity, '28d', fraud, '7d')",
  first_seen: 'first_seen(entity) or first_seen(entity, kind)',
  last_seen: 'last_seen(entity) or last_seen(entity, kind)',
  distance: 'distance(entity) or distance(entity, kind)',
  speed: 'speed(entity) or speed(entity, kind)',
  local_hour: 'local_hour(payer) or local_hour(payee)',
  local_weekday: 'local_weekday(payer) or local_weekday(payee)',
  known: 'known(x), x being a number, a text or an attribute',
  has: 'has(object.field), such as has(device.ip)',
  double: 'double(x)',
  int: 'int(x)',
  size: 'size(text)',
  ...Object.fromEntries(Object.keys(NUMBER_FUNCTIONS).map((name) => [name, `${name}(number)`])),
  ...Object.fromEntries(Object.keys(PAIR_FUNCTIONS).map((name) => [name, `${name}(number, number)`])),
  startsWith: "text.startsWith('…')",
  endsWith: "text.endsWith('…')",
  contains: "text.contains('…')",
  matches: "text.matches('…')",
  lowerAscii: 'text.lowerAscii()',
  upperAscii: 'text.upperAscii()',
  trim: 'text.trim()',
  substring:
    'text.substring(from) or text.substring(from, to), positions being counted from 0 and `to` left out',
  indexOf: "text.indexOf('…'), the position of the first one, or -1",
  lastIndexOf: "text.lastIndexOf('…'), the position of the last one, or -1",
  degraded: "degraded('journals'), what is missing being journals, model, deadline, late or rate",
  list: 'x in list(\'name\'), the list being declared under "lists:" of the rules folder',
  group: "x in group('name'), such as payee.mcc in group('gambling')",
  cidr: "x in cidr('block'), such as device.ip in cidr('10.0.0.0/8')",
}

/** A text as a number, by CEL's rules for `double(text)`; unknown where CEL has an error. */
export function parseDouble(text: string): number {
  if (text === '' || text !== text.trim()) return Number.NaN
  switch (text.toLowerCase()) {
    case 'inf':
    case '+inf':
    case 'infinity':
    case '+infinity':
      return Number.POSITIVE_INFINITY
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY
    default:
      return Number(text)
  }
}

/** A text as a whole number; unknown when it is none. */
export function parseInteger(text: string): number {
  return /^[+-]?\d{1,19}$/.test(text) ? Number(text) + 0 : Number.NaN
}

/** Towards zero; unknown for what is not finite. The sum turns -0 into 0, which integers have but one of. */
export function truncate(x: number): number {
  return Number.isFinite(x) ? Math.trunc(x) + 0 : Number.NaN
}

/** Lower case for A to Z alone, as CEL defines it. */
export function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Upper case for a to z alone, as CEL defines it. */
export function upperAscii(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase())
}

/** Number of Unicode code points. */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

const SURROGATE = /[\uD800-\uDFFF]/

/** From one code point up to another, which is left out. What lies outside of the text is left out too; unknown positions give "". */
export function substring(text: string, from: number, to: number): string {
  if (Number.isNaN(from) || Number.isNaN(to)) return ''
  const start = Math.max(0, from)
  const end = Math.max(start, to)
  return SURROGATE.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end)
}

/** Code points before the first `part`, or the last one; -1 where there is none. */
export function positionOf(text: string, part: string, which: 'first' | 'last'): number {
  const at = which === 'first' ? text.indexOf(part) : text.lastIndexOf(part)
  return at > 0 && SURROGATE.test(text) ? codePoints(text.slice(0, at)) : at
}
