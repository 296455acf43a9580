// The key that keeps one payer's events in order: what publishers put on their records.
import { parseObject } from './json-object.ts'

/**
 * `payer.account`, else `instrument.token`, else `payer.customer` of an event's or label's JSON; null when it names none of them,
 * or is no JSON object.
 */
export function payerKey(value: Buffer): string | null {
  const message = parseObject(value.toString('utf8'))
  const payer = objectIn(message, 'payer')
  return (
    textIn(payer, 'account') ?? textIn(objectIn(message, 'instrument'), 'token') ?? textIn(payer, 'customer')
  )
}

function objectIn(parent: object | null, name: string): object | null {
  const child: unknown = parent === null ? null : Reflect.get(parent, name)
  return typeof child === 'object' ? child : null
}

function textIn(parent: object | null, name: string): string | null {
  const text: unknown = parent === null ? null : Reflect.get(parent, name)
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null
}
