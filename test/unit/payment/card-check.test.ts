import { describe, expect, test } from 'vitest'
import { NUMERIC_FIELDS } from '../../../src/payment/card-check.ts'
import { containsCardNumber } from '../../../src/payment/card-number.ts'
import { decodedEvent, rejection } from '../../support/decoding.ts'
import { paymentEvent } from '../../support/events.ts'

const PAN = '4111111111111111'
const key = Buffer.from(PAN)

/** A valid event with `value` at a dotted path. */
function eventWith(path: string, value: unknown): object {
  const event: Record<string, unknown> = structuredClone(paymentEvent())
  const names = path.split('.')
  let parent = event
  for (const name of names.slice(0, -1)) parent = (parent[name] ??= {}) as Record<string, unknown>
  parent[names.at(-1)!] = value
  return event
}

describe('a card number in clear rejects the message', () => {
  test.each([
    'tenant',
    'instrument.token',
    'instrument.scheme',
    'payer.name',
    'device.serial',
    'attributes.note',
    'extra.deep.id',
    'extra.payer.account',
    'account',
  ])('in %s', (path) => {
    expect(rejection(eventWith(path, PAN))).toMatch(new RegExp(`^CARD_NUMBER_IN_CLEAR: ${path} holds`))
    expect(rejection(eventWith(path, `card ${PAN} please`))).toMatch(/^CARD_NUMBER_IN_CLEAR/)
  })

  test('in a list, in a number, in the name of a field', () => {
    expect(rejection(eventWith('extra', [1, { pan: PAN }]))).toMatch(/: extra\[1\]\.pan holds/)
    expect(rejection(eventWith('extra', Number(PAN)))).toMatch(/: extra holds/)
    expect(rejection(eventWith('extra', { [PAN]: 1 }))).toMatch(/: the name of a field of extra holds/)
    expect(rejection(eventWith(PAN, 1))).toMatch(/: the name of a field holds/)
  })

  test('behind escapes', () => {
    const escaped = JSON.stringify(eventWith('attributes.note', PAN)).replace(
      `:"${PAN}"`,
      `:"\\u0034${PAN.slice(1)}"`,
    )
    expect(escaped).toContain('\\u0034')
    expect(rejection(escaped)).toMatch(/: attributes\.note holds/)
  })

  test('beside a declared field that holds the same number', () => {
    const event = { ...eventWith('payer.account', PAN), note: PAN }
    expect(rejection(event, { key })).toMatch(/: note holds/)
  })

  test('before anything else is wrong with it', () => {
    expect(rejection({ ...eventWith('attributes.note', PAN), amount: 'x' })).toMatch(/^CARD_NUMBER_IN_CLEAR/)
  })

  test('in the record key, in a header, in the name of a header', () => {
    expect(rejection(paymentEvent(), { key })).toMatch(/: the record key holds/)
    expect(rejection(paymentEvent(), { headers: { 'x-card': PAN } })).toMatch(/: the header x-card holds/)
    expect(rejection(paymentEvent(), { headers: { 'x-card': key } })).toMatch(/: the header x-card holds/)
    expect(rejection(paymentEvent(), { headers: { [PAN]: 'x' } })).toMatch(/: the name of a header holds/)
  })
})

describe('digits that look like a card number are left alone', () => {
  test.each(NUMERIC_FIELDS.filter((path) => path !== 'amount' && path !== 'event'))(
    'in %s, which is declared to hold them',
    (path) => {
      expect(decodedEvent(eventWith(path, PAN)).event).toMatchObject(eventWith(path, PAN))
    },
  )

  test('in an amount', () => {
    expect(decodedEvent(eventWith('amount', Number(PAN))).amountBaseMinor).toBe(Number(PAN))
  })

  test('in a record key that repeats a declared field', () => {
    expect(decodedEvent(eventWith('payer.account', PAN), { key }).event.payer.account).toBe(PAN)
    const composed = Buffer.from(`tenant-a/${PAN}`)
    expect(decodedEvent(eventWith('payer.account', PAN), { key: composed }).event.id).toBe('evt-1')
  })

  test('in headers of tracing', () => {
    for (const name of [
      'x-datadog-trace-id',
      'traceparent',
      'X-Request-Id',
      'x-b3-spanid',
      'paysentry.source',
    ]) {
      expect(decodedEvent(paymentEvent(), { headers: { [name]: PAN } }).event.id).toBe('evt-1')
    }
  })

  test('beside escapes that end in digits', () => {
    // U+5361, then 12 digits: read as it stands it would be a Mastercard number.
    expect(containsCardNumber('5361000000000002')).toBe(true)
    const value = JSON.stringify(paymentEvent({ attributes: { note: '@000000000002' } }))
    expect(decodedEvent(value.replace('@', '\\u5361')).event.attributes).toEqual({ note: '卡000000000002' })
  })

  test('in messages with escapes in many layers', () => {
    const event = eventWith('payer.account', PAN)
    Object.assign(event, { log: 'C:\\new\\\\"x" 100%20' })
    expect(decodedEvent(event, { key }).event.payer.account).toBe(PAN)
  })
})
