// Whatever bytes arrive: every record comes out once, as an event or with a reason, and its neighbours do not notice.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { containsCardNumber } from '../../src/payment/card-number.ts'
import { parseEventTime } from '../../src/payment/event-time.ts'
import { decodeBatch } from '../support/decoding.ts'
import { logRecord, paymentEvent } from '../support/events.ts'

/** Any bytes, any JSON, and valid events with one field replaced by any JSON. */
const anyValue = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((json) => Buffer.from(json)),
  fc
    .tuple(fc.constantFrom(...Object.keys(paymentEvent())), fc.jsonValue())
    .map(([field, value]) => Buffer.from(JSON.stringify({ ...paymentEvent(), [field]: value }))),
  fc.constant(null),
)

test('every record comes out exactly once, in order, and good ones are decided as if they were alone', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyValue, fc.constant('good' as const)), { maxLength: 20 }), (values) => {
      const records = values.map((value, index) =>
        logRecord(value === 'good' ? paymentEvent({ id: String(index) }) : value, { offset: String(index) }),
      )
      const batch = decodeBatch(records)
      const offsets = [...batch.events, ...batch.rejected].map(({ record }) => Number(record.offset))
      expect(offsets.sort((a, b) => a - b)).toEqual(records.map((_, index) => index))
      const good = values.flatMap((value, index) => (value === 'good' ? [String(index)] : []))
      const decided = batch.events.map((item) => item.record.offset)
      expect(decided).toEqual([...decided].sort((a, b) => Number(a) - Number(b)))
      expect(decided).toEqual(expect.arrayContaining(good))
      for (const { message } of batch.rejected) {
        expect(message.length).toBeLessThan(1_000)
        expect(containsCardNumber(message)).toBe(false)
      }
    }),
    { numRuns: 1_000, seed: 20260301 },
  )
})

test('what is decided has an instant, an amount and a payer', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      for (const { event, timeMs, amountBaseMinor, degraded, entities } of decodeBatch([logRecord(value)])
        .events) {
        expect(Number.isSafeInteger(timeMs)).toBe(true)
        expect(Number.isNaN(amountBaseMinor)).toBe(degraded.includes(`rate:${event.currency}`))
        expect(
          entities.some(({ type }) => type === 'card' || type === 'account' || type === 'customer'),
        ).toBe(true)
      }
    }),
    { numRuns: 1_000, seed: 20260301 },
  )
})

test('a time is read as the platform reads it, wherever both know the format', () => {
  const instant = fc.date({
    min: new Date('2000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  const offset = fc.integer({ min: -23 * 60, max: 23 * 60 })
  fc.assert(
    fc.property(instant, offset, (date, minutes) => {
      const local = new Date(date.getTime() + minutes * 60_000)
      fc.pre(local.getUTCFullYear() <= 9999 && local.getUTCFullYear() >= 1)
      const sign = minutes < 0 ? '-' : '+'
      const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
      const written = `${local.toISOString().slice(0, -1)}${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
      expect(parseEventTime(written)).toBe(date.getTime())
      expect(parseEventTime(written)).toBe(Date.parse(written))
    }),
    { numRuns: 2_000, seed: 20260301 },
  )
})
