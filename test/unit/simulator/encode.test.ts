import { describe, expect, it } from 'vitest'
import type { OutputRecord } from '../../../src/log/event-log.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { createDecodeStage } from '../../../src/payment/decode.ts'
import { paymentEventSchema } from '../../../src/payment/event.ts'
import { loadRates } from '../../../src/payment/rates.ts'
import {
  createEncoder,
  encodeLine,
  encodePoison,
  encodeRecord,
  type Poison,
  POISONS,
} from '../../../src/simulator/encode.ts'
import { eventsOf, labelsOf, take } from './records.ts'

const topics = topicNames('test.')
const records = take(3_000, { customers: 50, fraudShare: 0.05 })
const [{ event }] = eventsOf(records) as [ReturnType<typeof eventsOf>[number]]
const poison = (kind: Poison) => encodePoison(kind, event, Date.parse(event.time), topics).value as string
const accepted = (value: string) => paymentEventSchema.safeParse(JSON.parse(value)).success

describe('encodeRecord', () => {
  it('puts events and labels on their topics, stamped with their arrival', () => {
    for (const record of records) {
      const message = encodeRecord(record, topics)
      const body = record.kind === 'event' ? record.event : record.label
      expect(message.topic).toBe(record.kind === 'event' ? 'test.payments.events' : 'test.payments.labels')
      expect(message.timestampMs).toBe(record.arrivesAtMs)
      expect(JSON.parse(message.value as string)).toEqual(JSON.parse(JSON.stringify(body)))
    }
    expect(labelsOf(records).length).toBeGreaterThan(0)
  })

  it('keys by the account, or by the card where there is none, and never by nothing', () => {
    const keys = eventsOf(records).map((record) => [encodeRecord(record, topics).key, record.event] as const)
    for (const [key, { payer, instrument }] of keys) expect(key).toBe(payer.account ?? instrument?.token)
    expect(keys.some(([key]) => key?.toString().startsWith('tok_'))).toBe(true)
  })

  it('gives a label the key of its event', () => {
    const keys = new Map(
      eventsOf(records).map((record) => [record.event.id, encodeRecord(record, topics).key]),
    )
    for (const record of labelsOf(records)) {
      expect(encodeRecord(record, topics).key).toBe(keys.get(record.label.event))
    }
  })

  it('does not tell the truth', () => {
    for (const record of eventsOf(records)) {
      expect(encodeRecord(record, topics).value).not.toMatch(/fraud|genuine|campaign/)
    }
  })
})

describe('poison', () => {
  it('makes each kind bad in its own way and in no other', () => {
    expect(encodePoison('empty', event, 0, topics).value).toBeNull()
    expect(() => JSON.parse(poison('not-json'))).toThrow(SyntaxError)
    expect(accepted(poison('wrong-schema'))).toBe(false)
    expect(accepted(poison('fractional-amount'))).toBe(false)
    expect(JSON.parse(poison('fractional-amount'))).toMatchObject({ amount: 19.99, type: event.type })
    expect(accepted(poison('unknown-currency'))).toBe(true)
    expect(poison('unknown-currency')).toContain('"currency":"ZZZ"')
    expect(accepted(poison('card-number'))).toBe(true)
    expect(poison('card-number')).toContain('"token":"4111111111111111"')
    expect(accepted(poison('from-future'))).toBe(true)
    const aheadMs = Date.parse(JSON.parse(poison('from-future')).time) - Date.parse(event.time)
    expect(aheadMs).toBeGreaterThan(365 * 86_400_000)
  })

  it('makes every n-th message bad, all kinds in turn, and loses no record', () => {
    const encode = createEncoder({ topics, poisonEvery: 10 })
    const messages: OutputRecord[] = []
    for (const record of records.slice(0, 900)) encode(record, messages)
    expect(messages.length).toBe(999)
    const plain = records.slice(0, 900).map((record) => encodeRecord(record, topics))
    expect(messages.filter((_, i) => i % 10 !== 9)).toEqual(plain)
    const bad = messages.filter((_, i) => i % 10 === 9)
    expect(bad.length).toBe(99)
    expect(bad[0]!.value).toBeNull()
    expect(bad[5]!.value).toContain('4111111111111111')
    expect(bad[7]!.value).toBeNull()
    const ids = bad.flatMap(({ value }) =>
      value === null ? [] : [/"id":"([^"]+)"/.exec(value.toString())![1]],
    )
    for (const id of ids) expect(id).toMatch(/_bad$/)
  })

  it('refuses to make every message bad', () => {
    expect(() => createEncoder({ topics, poisonEvery: 1 })).toThrow('poisonEvery must be')
  })
})

describe('decode', () => {
  const decode = createDecodeStage({
    topics,
    pseudonymiser: { entitiesOf: () => [] },
    rates: loadRates('rates.yaml'),
    newWindows: () => new Float64Array(0),
    maxMessageBytes: 262_144,
    maxFutureSkewMs: 300_000,
  })
  const decodeAll = (topic: string, messages: readonly OutputRecord[]) =>
    decode({
      topic,
      partition: 0,
      lag: 0,
      arrivedAtMs: 0,
      note: '',
      isStale: () => false,
      publish: () => Promise.resolve(),
      commit: () => Promise.resolve(),
      commitNote: () => Promise.resolve(),
      records: messages
        .filter((message) => message.topic === topic)
        .map(({ key, value, timestampMs }, offset) => ({
          topic,
          partition: 0,
          offset: String(offset),
          timestampMs: timestampMs ?? Number.NaN,
          key: key === null ? null : Buffer.from(key),
          value: value === null ? null : Buffer.from(value),
          headers: {},
        })),
    })

  it('takes every event and label, with a rate for every currency', () => {
    const messages = records.map((record) => encodeRecord(record, topics))
    const events = decodeAll(topics.events, messages)
    const labels = decodeAll(topics.labels, messages)
    expect([...events.rejected, ...labels.rejected]).toEqual([])
    expect(events.events.length + labels.labels.length).toBe(records.length)
    expect(events.events.every(({ amountBaseMinor }) => Number.isInteger(amountBaseMinor))).toBe(true)
  })

  it('rejects each kind of poison for its own reason', () => {
    const messages = POISONS.map((kind) => encodePoison(kind, event, Date.parse(event.time), topics))
    expect(decodeAll(topics.events, messages).rejected.map(({ code }) => code)).toEqual([
      'MESSAGE_EMPTY',
      'MESSAGE_NOT_JSON',
      'EVENT_INVALID',
      'EVENT_INVALID',
      'CURRENCY_UNKNOWN',
      'CARD_NUMBER_IN_CLEAR',
      'EVENT_FROM_FUTURE',
    ])
  })
})

describe('encodeLine', () => {
  it('writes one line of JSON for every message, bad ones included', () => {
    const encode = createEncoder({ topics, poisonEvery: 3 })
    const messages: OutputRecord[] = []
    for (const record of records.slice(0, 200)) encode(record, messages)
    for (const message of messages) {
      const line = encodeLine(message)
      expect(line).not.toContain('\n')
      const { topic, key, value } = JSON.parse(line)
      expect({ topic, key }).toEqual({ topic: message.topic, key: message.key })
      const text = typeof value === 'string' || value === null ? value : JSON.stringify(value)
      expect(text).toBe(message.value)
    }
  })
})
