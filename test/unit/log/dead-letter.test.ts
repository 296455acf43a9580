import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rejected } from '../../../src/batch.ts'
import { deadLetter } from '../../../src/log/dead-letter.ts'
import type { LogRecord } from '../../../src/log/event-log.ts'
import { topicNames } from '../../../src/log/topics.ts'

const options = {
  topics: topicNames('eu.'),
  nowMs: Date.UTC(2026, 2, 1, 12, 0, 0, 5),
  mask: (record: LogRecord) => record,
}
const rejected = (
  record: Partial<Rejected['record']> = {},
  message = 'amount: must be a whole number',
): Rejected => ({
  record: {
    topic: 'payments.events',
    partition: 3,
    offset: '9007199254740993',
    timestampMs: 1,
    key: Buffer.from('acc-1'),
    value: Buffer.from('{"amount":1.5}'),
    headers: { trace: Buffer.from('t-1') },
    ...record,
  },
  code: 'EVENT_INVALID',
  stage: 'decode',
  message,
})
const text = (content: string | Buffer | null | undefined) => content?.toString() ?? null

describe('a dead letter', () => {
  it('says what was wrong, where it was found, and where the message stands', () => {
    const letter = deadLetter(rejected(), options)
    expect(letter.topic).toBe('eu.payments.dead-letters')
    expect(letter.headers).toEqual({
      trace: Buffer.from('t-1'),
      'paysentry.source': 'payments.events/3/9007199254740993',
      'paysentry.error.code': 'EVENT_INVALID',
      'paysentry.error.stage': 'decode',
      'paysentry.error.message': 'amount: must be a whole number',
      'paysentry.error.topic': 'payments.events',
      'paysentry.error.partition': '3',
      'paysentry.error.offset': '9007199254740993',
      'paysentry.error.time': '2026-03-01T12:00:00.005Z',
    })
  })

  it('keeps key, value and headers to the byte when no card number stands in them', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array))
    fc.assert(
      fc.property(fc.option(bytes), fc.option(bytes), bytes, (key, value, header) => {
        const letter = deadLetter(rejected({ key, value, headers: { header } }), options)
        expect(letter.key).toEqual(key)
        expect(letter.value).toEqual(value)
        expect(letter.headers?.['header']).toEqual(header)
      }),
    )
  })

  it('holds what the mask leaves of the message', () => {
    const mask = () => ({ key: Buffer.from('k'), value: null, headers: { h: 'masked' } })
    const letter = deadLetter(rejected(), { ...options, mask })
    expect([text(letter.key), letter.value, letter.headers?.['h']]).toEqual(['k', null, 'masked'])
    expect(letter.headers).not.toHaveProperty('trace')
  })

  it('cuts a long reason, between characters', () => {
    const message = text(
      deadLetter(rejected({}, '😀'.repeat(600)), options).headers?.['paysentry.error.message'],
    )
    expect(message).toBe(`${'😀'.repeat(499)}…`)
  })

  it('replaces the reason of an earlier rejection and keeps what is not ours', () => {
    const earlier = {
      'paysentry.error.code': Buffer.from('OLD'),
      'paysentry.error.note': Buffer.from('kept'),
    }
    const { headers } = deadLetter(rejected({ headers: earlier }), options)
    expect(text(headers?.['paysentry.error.code'])).toBe('EVENT_INVALID')
    expect(text(headers?.['paysentry.error.note'])).toBe('kept')
  })
})
