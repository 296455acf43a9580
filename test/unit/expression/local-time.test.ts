// Time of day where somebody is.
import { expect, test } from 'vitest'
import { createLocalClock } from '../../../src/expression/local-time.ts'
import { holds, valueOf } from './support.ts'

const at = (time: string, payer: { timeZone?: string; country?: string }) =>
  valueOf('local_hour(payer)', { event: { time, payer } })

test('the hour is that of the zone, summer time included', () => {
  expect(at('2026-01-15T12:30:00Z', { timeZone: 'Europe/Berlin' })).toBe(13)
  expect(at('2026-07-15T12:30:00Z', { timeZone: 'Europe/Berlin' })).toBe(14)
  expect(at('2026-03-29T00:59:59Z', { timeZone: 'Europe/Berlin' })).toBe(1)
  expect(at('2026-03-29T01:00:00Z', { timeZone: 'Europe/Berlin' })).toBe(3)
  expect(at('2026-01-15T12:30:00Z', { timeZone: 'Asia/Kathmandu' })).toBe(18)
})

test('a zone that the event names wins over the country', () => {
  expect(at('2026-01-15T12:30:00Z', { country: 'DE', timeZone: 'Asia/Tokyo' })).toBe(21)
})

test('a country serves where it has one time at that moment, however many zones', () => {
  expect(at('2026-01-15T12:30:00Z', { country: 'AT' })).toBe(13)
  expect(at('2026-01-15T12:30:00Z', { country: 'DE' })).toBe(13)
  for (const country of ['US', 'AU', 'ES', 'ZZ', 'de', '']) {
    expect(at('2026-01-15T12:30:00Z', { country }), country).toBeNaN()
  }
})

test('an hour that is unknown compares as false, and can be asked for', () => {
  expect(holds('local_hour(payer) < 6 || local_hour(payer) >= 6')).toBe(false)
  expect(holds('known(local_hour(payee))')).toBe(false)
  expect(holds('local_hour(payer) >= 0 || true', { event: { payer: { timeZone: 'Mars/Olympus' } } })).toBe(
    true,
  )
  expect(at('2026-01-15T12:30:00Z', { timeZone: 'Mars/Olympus', country: 'AT' })).toBeNaN()
})

test('the weekday changes at local midnight', () => {
  const weekday = (timeZone: string) =>
    valueOf('local_weekday(payer)', { event: { time: '2026-03-01T23:30:00Z', payer: { timeZone } } })
  expect([weekday('UTC'), weekday('Europe/Berlin'), weekday('America/New_York')]).toEqual([7, 1, 7])
})

test('names that are no zones do not fill the memory, and zones are still known after them', () => {
  const clock = createLocalClock()
  for (let i = 0; i < 5_000; i++) expect(clock({ timeZone: `No/Zone${i}` }, 0)).toBeNaN()
  expect(clock({ timeZone: 'Asia/Tokyo' }, 0)).toBe(9 * 3_600_000)
})
