import { describe, expect, test } from 'vitest'
import { deadLetter } from '../../../src/log/dead-letter.ts'
import type { LogRecord } from '../../../src/log/event-log.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { maskRecord } from '../../../src/payment/card-mask.ts'
import { containsCardNumber } from '../../../src/payment/card-number.ts'
import { decodeBatch } from '../../support/decoding.ts'
import { logRecord, paymentEvent } from '../../support/events.ts'

const PAN = '4111111111111111'
const SHOWN = '411111******1111'

describe('a record is masked', () => {
  test('in its value, its key, its headers and their names', () => {
    const value = Buffer.from(`{"note":"${PAN}"}`)
    const record = logRecord(value, {
      key: Buffer.from(`k-${PAN}`),
      headers: { [`h${PAN}`]: PAN, b: Buffer.from(PAN) },
    })
    expect(maskRecord(record)).toEqual({
      value: Buffer.from(`{"note":"${SHOWN}"}`),
      key: Buffer.from(`k-${SHOWN}`),
      headers: { [`h${SHOWN}`]: SHOWN, b: Buffer.from(SHOWN) },
    })
  })

  test('to the byte as it was when there is nothing to mask', () => {
    const record = logRecord(Buffer.from([0xff, 0xfe, 0x00, 0x31]), {
      key: Buffer.from('k'),
      headers: { a: 'b' },
    })
    const masked = maskRecord(record)
    expect(masked.value).toBe(record.value)
    expect(masked.key).toBe(record.key)
    expect(masked.headers).toEqual(record.headers)
    expect(maskRecord(logRecord(null))).toEqual({ key: null, value: null, headers: {} })
  })

  test('not in fields that are declared to hold numeric identifiers, so that a replay finds the same entities', () => {
    const record = logRecord(paymentEvent({ payer: { account: PAN }, amount: 19.99 }), {
      key: Buffer.from(PAN),
    })
    const masked = maskRecord(record)
    expect(masked.value).toBe(record.value)
    expect(masked.key).toBe(record.key)
  })

  test('everywhere, once a card number stands where none may', () => {
    const masked = maskRecord(logRecord(paymentEvent({ payer: { account: PAN }, note: PAN })))
    expect(containsCardNumber(masked.value?.toString() ?? '')).toBe(false)
  })

  test('also when it is no UTF-8, or no JSON', () => {
    const bytes = Buffer.concat([Buffer.from([0xe9]), Buffer.from(` ${PAN}`)])
    expect(maskRecord(logRecord(bytes)).value).toEqual(
      Buffer.concat([Buffer.from([0xe9]), Buffer.from(` ${SHOWN}`)]),
    )
    expect(maskRecord(logRecord(`{"id": ${PAN}`)).value).toEqual(Buffer.from(`{"id": ${SHOWN}`))
    const utf16 = Buffer.from(JSON.stringify({ note: PAN }), 'utf16le')
    expect(maskRecord(logRecord(utf16)).value).toEqual(
      Buffer.from(JSON.stringify({ note: SHOWN }), 'utf16le'),
    )
  })
})

test('no rejected message brings a card number into the topic of dead letters', () => {
  const values: unknown[] = [
    paymentEvent({ attributes: { note: PAN } }),
    paymentEvent({ attributes: { [PAN]: true } }),
    paymentEvent({ instrument: { type: 'card', token: PAN } }),
    JSON.stringify(paymentEvent({ note: PAN })).replace(PAN, `\\u0034${PAN.slice(1)}`),
    `{"id": "${PAN}"`,
    `card ${PAN}`,
    `[${PAN}]`,
    Buffer.from(JSON.stringify(paymentEvent({ note: PAN })), 'utf16le'),
    `${PAN} `.repeat(20_000),
  ]
  for (const value of values) {
    const headers: LogRecord['headers'] = { 'x-card': PAN, 'x-bytes': Buffer.from(PAN) }
    const { rejected } = decodeBatch([logRecord(value, { key: Buffer.from(PAN), headers })])
    expect(rejected).toHaveLength(1)
    const letter = deadLetter(rejected[0]!, { topics: topicNames(''), nowMs: 0, mask: maskRecord })
    const texts = [letter.key, letter.value, ...Object.entries(letter.headers ?? {}).flat()]
    for (const text of texts) expect(containsCardNumber(text?.toString('latin1') ?? '')).toBe(false)
  }
})
