import { describe, expect, test } from 'vitest'
import { TOPICS } from '../../../src/log/topics.ts'
import { decodeBatch, decodedEvent, rejection } from '../../support/decoding.ts'
import { EVENT_TIME_MS, label, logRecord, paymentEvent } from '../../support/events.ts'

describe('a valid payment event', () => {
  test('fills every slot of the batch with what is known before the next stage', () => {
    const record = logRecord(paymentEvent(), { key: Buffer.from('acc-1') })
    const [event] = decodeBatch([record]).events
    expect(event).toStrictEqual({
      record,
      event: paymentEvent(),
      timeMs: EVENT_TIME_MS,
      amount: 19.99,
      amountBaseMinor: 1999,
      windows: new Float64Array(3).fill(Number.NaN),
      score: Number.NaN,
      entities: event?.entities,
      fired: [],
      scored: null,
      challenged: null,
      degraded: [],
      decision: null,
    })
    expect(event?.entities.map((entity) => entity.type)).toEqual([
      'card',
      'account',
      'customer',
      'device',
      'ip',
      'merchant',
    ])
  })

  test('has windows of its own', () => {
    const batch = decodeBatch([logRecord(paymentEvent()), logRecord(paymentEvent())])
    expect(batch.events[0]!.windows).not.toBe(batch.events[1]!.windows)
    expect(batch.events[0]!.degraded).not.toBe(batch.events[1]!.degraded)
  })

  test('is converted to the base currency at the rate of the file', () => {
    expect(decodedEvent(paymentEvent({ amount: 1250, currency: 'USD' }))).toMatchObject({
      amountBaseMinor: 1000,
      amount: 10,
    })
    expect(decodedEvent(paymentEvent({ amount: 1600, currency: 'JPY' })).amountBaseMinor).toBe(1000)
  })

  test('in a currency without a rate is decided without its amount, and says so', () => {
    const event = decodedEvent(paymentEvent({ amount: 5000, currency: 'XAF' }))
    expect(event).toMatchObject({
      amountBaseMinor: Number.NaN,
      amount: Number.NaN,
      degraded: ['rate:XAF'],
    })
  })

  test('in a currency without a rate is rejected where the policy says so, and nothing beside it', () => {
    const values = [
      paymentEvent({ amount: 5000, currency: 'XAF' }),
      paymentEvent({ amount: 0, currency: 'XAF' }),
      paymentEvent({ amount: 5000, currency: 'USD' }),
    ]
    const records = values.map((value, index) => logRecord(value, { offset: String(index) }))
    const batch = decodeBatch(records, undefined, 'reject')
    expect(batch.events.map(({ record }) => record.offset)).toEqual(['1', '2'])
    expect(batch.rejected).toMatchObject([
      {
        code: 'RATE_MISSING',
        message:
          'currency XAF has no rate in version t1 of the rate file, and money.missingRate is reject: add the rate and publish the message again',
      },
    ])
  })

  test('that moves no money needs no rate', () => {
    const event = decodedEvent(paymentEvent({ type: 'login', amount: 0, currency: 'XXX' }))
    expect(event).toMatchObject({ amountBaseMinor: 0, amount: 0, degraded: [] })
  })

  test('keeps the fields that the schema does not know', () => {
    const event = decodedEvent(paymentEvent({ loyalty: { tier: 2 }, payer: { account: 'a', segment: 'x' } }))
    expect(event.event).toMatchObject({ loyalty: { tier: 2 }, payer: { segment: 'x' } })
  })

  test('may be as far ahead of its broker timestamp as is allowed', () => {
    expect(decodedEvent(paymentEvent({ time: '2026-03-01T12:05:00Z' })).timeMs).toBe(EVENT_TIME_MS + 300_000)
  })
})

describe('a label', () => {
  test('comes out as a label with the entities that it names', () => {
    const batch = decodeBatch([logRecord(label())], TOPICS.labels)
    expect(batch.labels).toMatchObject([{ label: label() }])
    expect(batch.labels[0]!.entities.map((entity) => entity.type)).toEqual([
      'card',
      'account',
      'customer',
      'merchant',
    ])
    expect(batch.events).toEqual([])
  })

  test('is checked as an event is', () => {
    const on = (value: unknown) => rejection(value, {}, TOPICS.labels)
    expect(on(label({ label: 'frud' }))).toBe(
      'EVENT_INVALID: label must be one of fraud, genuine; found "frud". Did you mean "fraud"?',
    )
    expect(on(label({ time: '2026-02-29T00:00:00Z' }))).toMatch(/^EVENT_TIME_IMPOSSIBLE/)
    expect(on(label({ time: '2026-03-01T12:05:00.001Z' }))).toMatch(/^EVENT_FROM_FUTURE/)
    expect(on(label({ payer: {}, instrument: undefined }))).toMatch(/^EVENT_INVALID: payer needs account/)
    expect(on(label({ note: 'card 4111111111111111' }))).toMatch(/^CARD_NUMBER_IN_CLEAR: note /)
  })

  test('on the topic of events is told where it belongs, and an event on that of labels too', () => {
    expect(rejection(label())).toMatch(/^EVENT_INVALID: this is a label, which belongs on payments\.labels: /)
    expect(rejection(paymentEvent(), {}, TOPICS.labels)).toMatch(
      /^EVENT_INVALID: this is a payment event, which belongs on payments\.events: /,
    )
  })
})

describe('a batch', () => {
  test('of good and bad messages has the good ones decided, in order, and a reason for each bad one', () => {
    const good = (id: string) => paymentEvent({ id })
    const values = [
      good('1'),
      null,
      '{"id":',
      good('2'),
      paymentEvent({ amount: 19.99 }),
      paymentEvent({ currency: 'EUX' }),
      good('3'),
      paymentEvent({ time: '2026-02-30T00:00:00Z' }),
      paymentEvent({ time: '2026-03-02T00:00:00Z' }),
      paymentEvent({ attributes: { note: '4111 1111 1111 1111' } }),
      'x'.repeat(262_145),
      good('4'),
    ]
    const records = values.map((value, index) => logRecord(value, { offset: String(index) }))
    const batch = decodeBatch(records)
    expect(batch.events.map((item) => item.event.id)).toEqual(['1', '2', '3', '4'])
    expect(batch.rejected.map(({ record, code, stage }) => [record.offset, code, stage])).toEqual([
      ['1', 'MESSAGE_EMPTY', 'decode'],
      ['2', 'MESSAGE_NOT_JSON', 'decode'],
      ['4', 'EVENT_INVALID', 'decode'],
      ['5', 'CURRENCY_UNKNOWN', 'decode'],
      ['7', 'EVENT_TIME_IMPOSSIBLE', 'decode'],
      ['8', 'EVENT_FROM_FUTURE', 'decode'],
      ['9', 'CARD_NUMBER_IN_CLEAR', 'decode'],
      ['10', 'MESSAGE_TOO_LARGE', 'decode'],
    ])
    expect(batch.events.length + batch.rejected.length).toBe(values.length)
    expect(batch.outputs).toEqual([])
  })

  test('of another topic is a defect', () => {
    expect(() => decodeBatch([logRecord(paymentEvent())], 'other')).toThrow(
      expect.objectContaining({ code: 'UNEXPECTED' }),
    )
  })

  test('decodes to the same again', () => {
    const records = [logRecord(paymentEvent()), logRecord(paymentEvent({ amount: -1 }))]
    expect(JSON.stringify(decodeBatch(records))).toBe(JSON.stringify(decodeBatch(records)))
  })
})
