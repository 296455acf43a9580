// Which field of a message holds a full card number that it must not hold.
// Fields that are declared to hold numeric identifiers are left out: one in 30 numbers of 16 digits looks like a card number.
import type { LogRecord } from '../log/event-log.ts'
import { cardNumbersIn, cardNumbersInJson, containsCardNumber } from './card-number.ts'
import { findLeaf, type Leaf } from './json-tree.ts'

/**
 * Fields that may hold any digits. The identifiers leave decode under a pseudonym alone, but for `id` and `event`, which are
 * the publisher's own numbers. `instrument.token` is not among them: it stands where a card number would be put by mistake.
 */
export const NUMERIC_FIELDS = [
  'id',
  'event',
  'amount',
  'payer.account',
  'payer.customer',
  'payee.account',
  'payee.merchant',
  'device.id',
  'device.fingerprint',
] as const

/** Headers that carry trace and request numbers, which are as long as card numbers and random; and our own. */
export const NUMERIC_HEADERS = /trace|span|datadog|b3|correlation|request|^paysentry\./i

const NUMERIC: ReadonlySet<string> = new Set(NUMERIC_FIELDS)
const DEEPEST_NUMERIC = 2

/**
 * Where a message holds a full card number in clear: a field's name, `the record key` or a header; null when it does
 * not. `json` is the text of `message`. The key may repeat an identifier of the message that is declared numeric.
 */
export function findClearCardNumber(json: string, message: object, record: LogRecord): string | null {
  const inMessage = cardNumbersInJson(json)
  const inKey = record.key === null ? [] : cardNumbersIn(record.key.toString('latin1'))
  if (inMessage.length > 0 || inKey.length > 0) {
    const declared = declaredNumbers(message)
    if (inMessage.length > declared.length) return fieldOf(message)
    if (inKey.some((digits) => !declared.includes(digits))) return 'the record key'
  }
  for (const name in record.headers) {
    const value = record.headers[name] ?? ''
    if (containsCardNumber(name)) return 'the name of a header'
    if (containsCardNumber(value.toString('latin1')) && !NUMERIC_HEADERS.test(name))
      return `the header ${name}`
  }
  return null
}

/** Digits in declared fields that look like card numbers. */
function declaredNumbers(message: object): string[] {
  return NUMERIC_FIELDS.flatMap((path) => {
    let value: unknown = message
    for (const name of path.split('.')) {
      value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
    }
    return typeof value === 'string' || typeof value === 'number' ? cardNumbersIn(String(value)) : []
  })
}

function fieldOf(message: object): string {
  const leaf = findLeaf(message, holdsCardNumber)
  // In a field that stands twice, or a number too long to be read exactly: in the text alone.
  if (leaf === null) return 'the message'
  if (leaf.isName) return leaf.path === '' ? 'the name of a field' : `the name of a field of ${leaf.path}`
  return leaf.path
}

function holdsCardNumber({ value, path, depth, isName }: Leaf): boolean {
  if (!isName && depth <= DEEPEST_NUMERIC && NUMERIC.has(path)) return false
  return containsCardNumber(String(value))
}
