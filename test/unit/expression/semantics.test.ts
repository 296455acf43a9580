// What expressions mean where CEL leaves it open, has an error, or is another dialect.
import type { ConditionTree } from '../../../src/expression/condition-tree.ts'
import { expect, test } from 'vitest'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { condition, holds, valueOf, viewOf } from './support.ts'

test('every comparison with an unknown number is false', () => {
  for (const operator of ['<', '<=', '>', '>=', '==', '!=']) {
    expect(holds(`score ${operator} 0.5`)).toBe(false)
    expect(holds(`0.5 ${operator} score`)).toBe(false)
    expect(holds(`score ${operator} score`)).toBe(false)
    expect(holds(`attributes['missing'] ${operator} 5`)).toBe(false)
    expect(holds(`attributes['missing'] ${operator} 'gold'`)).toBe(false)
    expect(holds(`attributes['missing'] ${operator} attributes['other']`)).toBe(false)
  }
  expect(holds('score in [0.5, 0.7]')).toBe(false)
  expect(holds('!(score > 0.5)')).toBe(true)
})

test('comparisons are right at the boundary in every form that they are compiled to', () => {
  const expected = {
    '<': (a: number, b: number) => a < b,
    '<=': (a: number, b: number) => a <= b,
    '>': (a: number, b: number) => a > b,
    '>=': (a: number, b: number) => a >= b,
    '==': (a: number, b: number) => a === b,
    '!=': (a: number, b: number) => a !== b,
  }
  for (const [operator, compare] of Object.entries(expected)) {
    for (const a of [1, 2, 3]) {
      const parts = { amount: a, windows: Float64Array.of(a), event: { attributes: { n: a, t: String(a) } } }
      const sides = ['amount', "count(card, '1h')", "attributes['n']"]
      for (const side of sides) {
        expect(holds(`${side} ${operator} 2`, parts), `${a}: ${side} ${operator} 2`).toBe(compare(a, 2))
        expect(holds(`2.0 ${operator} ${side}`, parts), `${a}: 2.0 ${operator} ${side}`).toBe(compare(2, a))
        expect(
          holds(`${side} ${operator} 1.0 + double(id)`, { ...parts, event: { ...parts.event, id: '1' } }),
        ).toBe(compare(a, 2))
      }
      expect(holds(`attributes['t'] ${operator} '2'`, parts)).toBe(compare(a, 2))
      expect(holds(`'2' ${operator} attributes['t']`, parts)).toBe(compare(2, a))
      expect(holds(`attributes['t'] ${operator} attributes['t'].lowerAscii()`, parts)).toBe(compare(a, a))
    }
  }
})

test('arithmetic with an unknown number is unknown', () => {
  expect(valueOf('score + 1.0')).toBeNaN()
  expect(valueOf("attributes['missing'] * 2.0")).toBeNaN()
  expect(valueOf('least(score, 1.0)')).toBeNaN()
  expect(valueOf('-score')).toBeNaN()
})

test('known tells numbers, texts and attributes that are there', () => {
  expect(holds('known(amount) && known(currency)')).toBe(true)
  expect(holds('known(score) || known(payer.country) || known(attributes.missing)')).toBe(false)
  expect(holds("known(attributes['vip'])", { event: { attributes: { vip: false } } })).toBe(true)
})

test('division of whole numbers is cut towards zero and unknown for a divisor of zero', () => {
  expect(valueOf('7 / 2')).toBe(3)
  expect(valueOf('-7 / 2')).toBe(-3)
  expect(valueOf('-7 % 2')).toBe(-1)
  expect(valueOf('7 / 0')).toBeNaN()
  expect(valueOf('7 % (hour - hour)')).toBeNaN()
  expect(valueOf('amount_minor / (hour - hour)')).toBeNaN()
  expect(valueOf('1.0 / 0.0')).toBe(Number.POSITIVE_INFINITY)
  expect(valueOf('0.0 / 0.0')).toBeNaN()
})

test('a whole number becomes a double beside one', () => {
  expect(valueOf('7 / 2.0')).toBe(3.5)
  expect(holds('1999 == amount_minor && 1999.0 == amount_minor && amount_minor != 1998.5')).toBe(true)
  expect(holds('hour in [13.0, 14.0]')).toBe(true)
})

test('whole numbers beyond 2^53 are rounded, where CEL has an overflow', () => {
  expect(valueOf('9007199254740993 + 0')).toBe(9007199254740992)
  expect(valueOf('9223372036854775807 * 4')).toBe(2 ** 65)
})

test('conversions of what is no number are unknown', () => {
  expect(valueOf("double('1.5')")).toBe(1.5)
  expect(valueOf("double('abc')")).toBeNaN()
  expect(valueOf("double('')")).toBeNaN()
  expect(valueOf("int('12')")).toBe(12)
  expect(valueOf("int('1.5')")).toBeNaN()
  expect(valueOf('int(-2.7)')).toBe(-2)
  expect(valueOf('int(score)')).toBeNaN()
  expect(valueOf('int(1.0 / 0.0)')).toBeNaN()
  expect(valueOf("double(attributes['vip'])", { event: { attributes: { vip: true } } })).toBeNaN()
})

test('missing texts are empty, and has tells them from present ones', () => {
  expect(holds("payer.country == '' && device.ip == '' && instrument.type == ''")).toBe(true)
  expect(holds('has(device.ip) || has(payee.merchant) || has(device.geo) || has(attributes.x)')).toBe(false)
  const device = { ip: '203.0.113.7', geo: { lat: 1, lon: 2 } }
  expect(holds('has(device.ip) && has(device.geo) && has(device.geo.lat)', { event: { device } })).toBe(true)
})

test('attributes are compared by the type that they have', () => {
  const event = { attributes: { n: 7, text: 'gold', vip: true } }
  expect(
    holds("attributes['n'] > 5 && attributes.n == 7 && 7.0 == attributes.n && attributes.n != 8", { event }),
  ).toBe(true)
  expect(
    holds("attributes['text'] == 'gold' && attributes.text < 'h' && 'a' < attributes.text", { event }),
  ).toBe(true)
  expect(holds("attributes['text'] > 5 || attributes['n'] > 'a' || attributes['vip'] < 2", { event })).toBe(
    false,
  )
  expect(holds("attributes['text'] != 5", { event })).toBe(true)
  expect(holds("attributes['vip'] && !attributes['text'] && !attributes['missing']", { event })).toBe(true)
  expect(holds("attributes['text'].startsWith('go') && !attributes['n'].startsWith('7')", { event })).toBe(
    true,
  )
  expect(
    holds("attributes['n'] in [7, 8] && attributes['text'] in ['gold'] && !(attributes['x'] in [1])", {
      event,
    }),
  ).toBe(true)
  expect(holds("'n' in attributes && !('x' in attributes)", { event })).toBe(true)
})

test('names that every object has are no attributes', () => {
  for (const name of ['toString', '__proto__', 'constructor', 'hasOwnProperty']) {
    expect(
      holds(`known(attributes['${name}']) || '${name}' in attributes`, { event: { attributes: { a: 1 } } }),
    ).toBe(false)
  }
})

test('the hour and the day of the week are in UTC, Monday first', () => {
  expect(holds('hour == 13 && weekday == 1')).toBe(true)
  expect(holds('hour == 23 && weekday == 7', { event: { time: '2026-03-09T00:30:00+01:00' } })).toBe(true)
})

test('lowerAscii changes A to Z alone', () => {
  expect(holds("'ÄbC'.lowerAscii() == 'Äbc'")).toBe(true)
})

test('a part of a text is cut by code points, and what lies outside is left out', () => {
  const event = { attributes: { email: 'änne@example.org', emoji: 'a🙂b🙂c' } }
  const email = 'attributes.email'
  expect(holds(`${email}.substring(${email}.indexOf('@') + 1) == 'example.org'`, { event })).toBe(true)
  expect(holds(`${email}.substring(0, ${email}.indexOf('@')) == 'änne'`, { event })).toBe(true)
  expect(holds("attributes.emoji.substring(1, 3) == '🙂b'", { event })).toBe(true)
  expect(
    holds("attributes.emoji.indexOf('b') == 2 && attributes.emoji.lastIndexOf('🙂') == 3", { event }),
  ).toBe(true)
  expect(holds("'abc'.substring(1, 99) == 'bc' && 'abc'.substring(-5, 2) == 'ab'")).toBe(true)
  expect(holds("'abc'.substring(2, 1) == '' && 'abc'.substring(7) == ''")).toBe(true)
  expect(holds("payer.country.substring(0, 1) == '' && payer.country.indexOf('D') == -1")).toBe(true)
  expect(holds("'abc'.substring(int(score)) == ''")).toBe(true)
})

test('degraded tells what the decision lacks, in whatever way it lacks it', () => {
  expect(holds("degraded('journals')", { degraded: ['journals'] })).toBe(true)
  expect(holds("degraded('journals')", { degraded: ['model', 'journals:incomplete'] })).toBe(true)
  expect(holds("degraded('late') && !degraded('rate')", { degraded: ['late:card'] })).toBe(true)
  expect(holds("degraded('rate')", { degraded: ['rate:XAF'] })).toBe(true)
  expect(holds("degraded('model') || degraded('deadline')", { degraded: ['rate:XAF'] })).toBe(false)
})

test('lengths of time are in seconds', () => {
  expect(valueOf('minutes(2) + hours(1) + days(0.5)')).toBe(120 + 3_600 + 43_200)
})

test('type is the type of the event, though CEL has a type of that name', () => {
  expect(holds("type == 'transfer' && type.startsWith('trans') && size(type) == 8")).toBe(true)
})

test('device and payee are objects of the event and entities of windows', () => {
  const windows = createWindowSet()
  const compiled = condition(
    "count(device, '1h') + distinct(payee, device, '1d') > 2 && device.id == '' && payee.mcc == ''",
    windows,
  )
  expect(windows.specs).toEqual([
    { fn: 'count', entity: 'device', counterpart: null, lengthMs: 3_600_000, delayMs: 0, kind: 'payment' },
    {
      fn: 'distinct',
      entity: 'payee',
      counterpart: 'device',
      lengthMs: 86_400_000,
      delayMs: 0,
      kind: 'payment',
    },
  ])
  expect(compiled.evaluate(viewOf({ windows: Float64Array.of(2, 1) }))).toBe(true)
  expect(compiled.evaluate(viewOf({ windows: Float64Array.of(2, 0) }))).toBe(false)
})

test('equal windows share a slot, and other kinds and lengths do not', () => {
  const windows = createWindowSet()
  condition(
    "count(card, '60m') > 1 && count(card, '1h') > 2 && count(card, '1h', declined) > 3 && first_seen(card, login) > 4",
    windows,
  )
  expect(windows.specs.map(({ lengthMs, kind }) => [lengthMs, kind])).toEqual([
    [3_600_000, 'payment'],
    [3_600_000, 'declined'],
    [Number.POSITIVE_INFINITY, 'login'],
  ])
})

test('a share of counts is a fraction', () => {
  const windows = createWindowSet()
  const compiled = condition("count(card, '1h', declined) / count(card, '1h') > 0.25", windows)
  expect(compiled.evaluate(viewOf({ windows: Float64Array.of(1, 3) }))).toBe(true)
  expect(compiled.evaluate(viewOf({ windows: Float64Array.of(0, 0) }))).toBe(false)
})

test('a window that nobody computed is unknown', () => {
  expect(condition("count(card, '1h') >= 0.0").evaluate(viewOf({ windows: new Float64Array(0) }))).toBe(false)
})

test('the tree of an expression says what it joins, where, and what each test reads', () => {
  const { tree } = condition(
    "(count(card, '1h') >= 6 || amount > 3 * mean(card, '30d')) && !(type in ['refund'] && attributes.vip) && attributes.vip",
    createWindowSet(),
  )
  const view = viewOf({ windows: Float64Array.of(2, 5) })
  const shown = ({ source, offset, joins, holds, parts, terms }: ConditionTree): unknown => ({
    [`${offset} ${joins ?? source}`]: holds(view),
    ...(parts.length === 0 ? {} : { parts: parts.map(shown) }),
    ...(terms.length === 0 ? {} : { terms: terms.map((term) => [term.source, term.read(view)]) }),
  })
  expect(shown(tree)).toMatchInlineSnapshot(`
    {
      "1 all": false,
      "parts": [
        {
          "1 any": true,
          "parts": [
            {
              "1 count(card, '1h') >= 6": false,
              "terms": [
                [
                  "count(card, '1h')",
                  2,
                ],
              ],
            },
            {
              "27 amount > 3 * mean(card, '30d')": true,
              "terms": [
                [
                  "amount",
                  19.99,
                ],
                [
                  "mean(card, '30d')",
                  5,
                ],
              ],
            },
          ],
        },
        {
          "62 not": true,
          "parts": [
            {
              "64 all": false,
              "parts": [
                {
                  "64 type in ['refund']": false,
                  "terms": [
                    [
                      "type",
                      "transfer",
                    ],
                  ],
                },
                {
                  "86 attributes.vip": false,
                  "terms": [
                    [
                      "attributes.vip",
                      undefined,
                    ],
                  ],
                },
              ],
            },
          ],
        },
        {
          "105 attributes.vip": false,
          "terms": [
            [
              "attributes.vip",
              undefined,
            ],
          ],
        },
      ],
    }
  `)
})
