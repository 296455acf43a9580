// A record without card numbers, for the topic of dead letters. Identifiers in declared fields stay, so that a mended
// message can be replayed under the same entities; bytes change only where a card number stands.
import { isUtf8 } from 'node:buffer'
import type { LogRecord } from '../log/event-log.ts'
import { findClearCardNumber } from './card-check.ts'
import { maskCardNumbers } from './card-number.ts'
import { parseObject } from './json-object.ts'

/**
 * Key, value and headers of the record with every card number masked. A JSON message without a card number outside the fields
 * that are declared to hold numeric identifiers stays as it is, and so does a key that repeats one of these; any other
 * text is masked wherever a card number stands. What needs no mask is the very same buffer.
 */
export function maskRecord(record: LogRecord): Pick<LogRecord, 'key' | 'value' | 'headers'> {
  const headers: Record<string, string | Buffer> = {}
  for (const [name, value] of Object.entries(record.headers)) headers[maskCardNumbers(name)] = masked(value)
  if (holdsOnlyDeclaredNumbers(record)) return { key: record.key, value: record.value, headers }
  return {
    key: record.key === null ? null : masked(record.key),
    value: record.value === null ? null : masked(record.value),
    headers,
  }
}

function holdsOnlyDeclaredNumbers(record: LogRecord): boolean {
  if (record.value === null || !isUtf8(record.value)) return false
  const json = record.value.toString('utf8')
  const message = parseObject(json)
  return message !== null && findClearCardNumber(json, message, { ...record, headers: {} }) === null
}

function masked(content: Buffer): Buffer
function masked(content: string | Buffer): string | Buffer
function masked(content: string | Buffer): string | Buffer {
  if (typeof content === 'string') return maskCardNumbers(content)
  // Bytes that are no UTF-8 are read one character each, which keeps them all and still shows the digits among them.
  const encoding = isUtf8(content) ? 'utf8' : 'latin1'
  const text = content.toString(encoding)
  const hidden = maskCardNumbers(text)
  return hidden === text ? content : Buffer.from(hidden, encoding)
}
