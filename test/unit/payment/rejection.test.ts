// What a person reads about a rejected message: the field, the remedy, what was found.
import { describe, expect, test } from 'vitest'
import { rejection } from '../../support/decoding.ts'
import { logRecord, paymentEvent } from '../../support/events.ts'

const of = (overrides: Readonly<Record<string, unknown>>) => rejection(paymentEvent(overrides))

describe('a rejection names the field and the remedy', () => {
  const cases: [string, Readonly<Record<string, unknown>>, string][] = [
    [
      'an amount with decimals',
      { amount: 19.99 },
      'amount must be a whole number of minor units, such as 1999 for 19.99 EUR; found 19.99',
    ],
    [
      'an amount as a text',
      { amount: '1999' },
      'amount must be a whole number of minor units, such as 1999 for 19.99 EUR; found "1999"',
    ],
    [
      'a negative amount',
      { amount: -5 },
      'amount must not be negative; a refund is an event of type "refund" with a positive amount; found -5',
    ],
    [
      'an amount that a double cannot hold exactly',
      { amount: 2 ** 53 },
      'amount must be at most 9007199254740991; found 9007199254740992',
    ],
    [
      'a misspelt type',
      { type: 'authorization' },
      'type must be one of authorisation, transfer, withdrawal, refund, reversal, login, otp, profile_change, payee_added; found "authorization". Did you mean "authorisation"?',
    ],
    ['a misspelt field', { amount: undefined, ammount: 5 }, 'amount is required; the message has "ammount"'],
    ['a missing payer', { payer: undefined }, 'payer is required'],
    [
      'an optional field with null',
      { channel: null },
      'channel must be one of ecommerce, pos, atm, moto, app, web, branch, api; found null; leave a field out that has no value',
    ],
    [
      'a currency in small letters',
      { currency: 'eur' },
      'currency must be an ISO 4217 currency in capitals, such as "EUR"; found "eur". Did you mean "EUR"?',
    ],
    [
      'a time without its offset',
      { time: '2026-03-01T12:00:00' },
      'time must be an RFC 3339 time with its offset, such as "2026-03-01T12:00:00Z"; found "2026-03-01T12:00:00"',
    ],
    [
      'a payer whom nothing names',
      { payer: { country: 'DE' }, instrument: undefined },
      'payer needs account or customer, unless instrument.token names a card or wallet',
    ],
    [
      'a payer named by the token of a bank alone',
      { payer: {}, instrument: { type: 'bank', token: 't' } },
      'payer needs account or customer, unless instrument.token names a card or wallet',
    ],
    ['an identifier of blanks', { id: '  ' }, 'id must not be empty; found a text of 2 characters'],
    ['a numeric identifier', { id: 5 }, 'id must be a text; found a number'],
    [
      'a nested attribute',
      { attributes: { cart: {} } },
      'attributes.cart must be a text of at most 1024 characters, a number, or true or false; found an object',
    ],
  ]
  test.each(cases)('%s', (_name, overrides, message) => {
    expect(of(overrides)).toBe(`EVENT_INVALID: ${message}`)
  })

  test('all that is wrong at once, up to five, and how many more there are', () => {
    expect(rejection({})).toBe(
      'EVENT_INVALID: id is required; type is required; time is required; amount is required; currency is required; and 1 more',
    )
  })

  test('a card or wallet token is enough to name the payer', () => {
    expect(() => of({ payer: {} })).toThrow('not rejected')
  })
})

describe('a rejection shows', () => {
  test('no value of a field that may identify a person', () => {
    expect(of({ device: { ip: '192.0.2.1.5' } })).toBe(
      'EVENT_INVALID: device.ip must be an IPv4 or IPv6 address; found a text of 11 characters',
    )
    expect(of({ payer: { account: `DE${'8'.repeat(150)}` } })).not.toContain('888')
  })

  test('long values and names shortened', () => {
    expect(of({ type: 'x'.repeat(5000) }).length).toBeLessThan(250)
    expect(of({ attributes: { ['k'.repeat(5000)]: 1 } }).length).toBeLessThan(250)
  })

  test('no card number, whatever holds it', () => {
    const pan = '4111111111111111'
    const values: unknown[] = [
      paymentEvent({ currency: pan }),
      paymentEvent({ attributes: { [pan]: {} } }),
      paymentEvent({ [pan]: 1 }),
      `{"id":"${pan}", "type":`,
      pan,
      paymentEvent({ id: pan, payer: { account: pan }, type: pan }),
    ]
    for (const value of values) expect(rejection(value)).not.toContain(pan)
    const headers = { [`x-${pan}`]: 'a' }
    expect(rejection(paymentEvent(), { headers })).not.toContain(pan)
  })
})

test('a message that is too large is named with its size and the limit', () => {
  expect(rejection('x'.repeat(262_145))).toBe(
    'MESSAGE_TOO_LARGE: the message has 262145 bytes; limits.maxMessageBytes allows 262144',
  )
})

test('an unknown currency is named with the one that was probably meant', () => {
  expect(of({ currency: 'UST' })).toBe(
    'CURRENCY_UNKNOWN: currency must be an active ISO 4217 code with a minor unit; found "UST". Did you mean "USD"?',
  )
  for (const currency of ['DEM', 'HRK', 'XAU', 'BGN', 'ZZZ'])
    expect(of({ currency })).toMatch(/^CURRENCY_UNKNOWN/)
})

test('an event from the future is named with both durations', () => {
  const record = logRecord(null)
  expect(
    rejection(paymentEvent({ time: '2026-03-01T12:10:00Z' }), { timestampMs: record.timestampMs }),
  ).toContain(
    'time is 600 s ahead of the broker timestamp; velocity.maxFutureSkewMs allows 300 s: set the publisher',
  )
})
