// Input that nobody publishes on purpose: what is decided about it is in docs/contracts/README.md.
import { describe, expect, test } from 'vitest'
import { decodeBatch, decodedEvent, rejection } from '../../support/decoding.ts'
import { logRecord, paymentEvent } from '../../support/events.ts'

/** JSON of a valid event with raw text put behind its first brace. */
const withRaw = (raw: string) => `{${raw},${JSON.stringify(paymentEvent()).slice(1)}`

describe('keys', () => {
  test('named __proto__ change nothing', () => {
    const event = decodedEvent(
      withRaw('"__proto__":{"polluted":true},"attributes":{"__proto__":"x","constructor":"y"}').replace(
        '"payer":{',
        '"payer":{"__proto__":{"account":"other"},',
      ),
    )
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(Object.getPrototypeOf(event.event)).toBe(Object.prototype)
    expect(event.event.payer.account).toBe('acc-1')
    expect(Object.keys(event.event.attributes ?? {})).toEqual(['constructor'])
  })

  test('cannot lend a payer through __proto__', () => {
    const value = JSON.stringify(paymentEvent({ payer: {}, instrument: undefined })).replace(
      '"payer":{}',
      '"payer":{"__proto__":{"account":"a"}}',
    )
    expect(rejection(value)).toMatch(/payer needs account/)
  })

  test('that stand twice count as the last one', () => {
    expect(decodedEvent(withRaw('"id":"first"')).event.id).toBe('evt-1')
  })

  test('that stand twice hide no card number', () => {
    expect(rejection(withRaw('"channel":"4111111111111111"'))).toMatch(
      /^CARD_NUMBER_IN_CLEAR: the message holds/,
    )
  })
})

describe('nesting', () => {
  test.each(['[', '{"a":', '[{"a":['])('that never ends (%s…) is not JSON', (open) => {
    expect(rejection(open.repeat(Math.floor(262_144 / open.length)))).toMatch(/^MESSAGE_NOT_JSON/)
  })

  test('of 100,000 levels in a field that nobody reads is decided', () => {
    const deep = `"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(decodedEvent(withRaw(deep)).event.id).toBe('evt-1')
  })

  test('of 30,000 levels hides no card number', () => {
    const deep = `"x":${'{"a":'.repeat(30_000)}"4111111111111111"${'}'.repeat(30_000)}`
    expect(rejection(withRaw(deep))).toMatch(/^CARD_NUMBER_IN_CLEAR: x\.a\.a/)
  })
})

describe('numbers', () => {
  test('too large for a double are rejected where they are read', () => {
    const huge = JSON.stringify(paymentEvent()).replace('"amount":1999', '"amount":1e400')
    expect(rejection(huge)).toMatch(/^EVENT_INVALID: amount must be a whole number/)
    expect(rejection(withRaw('"attributes":{"x":1e999}'))).toMatch(/^EVENT_INVALID: attributes\.x/)
  })

  test('too long to be exact are rejected as an amount', () => {
    const long = JSON.stringify(paymentEvent()).replace('"amount":1999', '"amount":9007199254740993')
    expect(rejection(long)).toMatch(/^EVENT_INVALID: amount must be at most 9007199254740991/)
  })

  test('written otherwise are the same number', () => {
    for (const written of ['1999.0', '1.999e3', '199900e-2']) {
      const value = JSON.stringify(paymentEvent()).replace('"amount":1999', `"amount":${written}`)
      expect(decodedEvent(value).event.amount).toBe(1999)
    }
  })

  test('of zero with a sign are zero', () => {
    const value = JSON.stringify(paymentEvent()).replace('"amount":1999', '"amount":-0')
    expect(decodedEvent(value).amountBaseMinor).toBe(0)
  })

  test('that hold a card number are found, also one too long to be exact', () => {
    expect(rejection(withRaw('"ref":4111111111111111'))).toMatch(/^CARD_NUMBER_IN_CLEAR: ref /)
    expect(rejection(withRaw('"ref":4.111111111111111E15'))).toMatch(/^CARD_NUMBER_IN_CLEAR: ref /)
    expect(rejection(withRaw('"ref":6759123456789100022'))).toMatch(/^CARD_NUMBER_IN_CLEAR: the message /)
  })
})

describe('text', () => {
  test('may begin with a byte-order mark', () => {
    expect(decodedEvent(`\uFEFF${JSON.stringify(paymentEvent())}`).event.id).toBe('evt-1')
  })

  test('with half a surrogate pair is rejected, a whole pair is not', () => {
    expect(rejection(withRaw('"tenant":"\\ud83d"'))).toBe(
      'EVENT_INVALID: tenant holds half of a surrogate pair, which is no character',
    )
    expect(rejection(withRaw('"attributes":{"\\uDC00":1}'))).toContain('the name of a field of attributes')
    expect(decodedEvent(withRaw('"tenant":"\\ud83d\\ude00"')).event.tenant).toBe('😀')
  })

  test('in another encoding is not JSON', () => {
    const latin1 = Buffer.from(JSON.stringify(paymentEvent({ tenant: 'Café' })), 'latin1')
    expect(rejection(latin1)).toMatch(/^MESSAGE_NOT_JSON: the message is not UTF-8/)
    expect(rejection(Buffer.from(JSON.stringify(paymentEvent()), 'utf16le'))).toMatch(/^MESSAGE_NOT_JSON/)
    expect(rejection(Buffer.from([0, 0, 0, 0, 7, 0x02, 0x7b]))).toMatch(/^MESSAGE_NOT_JSON/)
  })

  test('that is no object is not taken', () => {
    for (const [value, found] of [
      ['[]', 'a list'],
      ['"x"', 'a text of 1 character'],
      ['5', 'a number'],
      ['null', 'null'],
      ['true', 'a boolean'],
    ] as const) {
      expect(rejection(value)).toBe(`MESSAGE_NOT_JSON: the message must be one JSON object; found ${found}`)
    }
  })

  test('that stops being JSON is named with the place', () => {
    expect(rejection('{"a":1,\n "é": }')).toBe(
      'MESSAGE_NOT_JSON: the message is not JSON: expected a JSON value at line 2, column 7',
    )
    expect(rejection('{"a":1} {"b":2}')).toContain('expected the end of the message at line 1, column 9')
    expect(rejection('{"a":')).toContain('but the message ends')
  })

  test('with a message that looks like our own answer is read as a message', () => {
    expect(rejection({ problem: null, code: 'X', message: 'y' })).toMatch(/^EVENT_INVALID: id is required/)
  })
})

test('a message of the largest size that is full of digits is decided on in time', () => {
  const groups = ['4 ', '4-', '9', '4111111111111111,', 'a4111111111111111', '\\u0034', '{"4":4,']
  const started = performance.now()
  for (const group of groups) decodeBatch([logRecord(group.repeat(Math.floor(262_000 / group.length)))])
  for (const group of groups.slice(0, 6)) {
    decodeBatch([logRecord(withRaw(`"x":"${group.repeat(Math.floor(250_000 / group.length))}"`))])
  }
  expect(performance.now() - started).toBeLessThan(10_000)
})
