import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { containsCardNumber } from '../../../src/payment/card-number.ts'
import { labelSchema, paymentEventSchema } from '../../../src/payment/event.ts'
import { createSimulator, EVENTS_A_DAY } from '../../../src/simulator/simulator.ts'
import { DAY_MS, eventsOf, isPayment, labelsOf, START_MS, take, timeOf } from './records.ts'

// One stream for all that only looks: four weeks of 2,000 people, with enough fraud to see.
const WEEKS = take(140_000, { customers: 2_000, fraudShare: 0.01 })

describe('the simulator', () => {
  it('writes events and labels that the contracts accept', () => {
    for (const record of [...take(20_000), ...WEEKS.slice(-5_000)]) {
      const [schema, body] =
        record.kind === 'event' ? [paymentEventSchema, record.event] : [labelSchema, record.label]
      const parsed = schema.safeParse(JSON.parse(JSON.stringify(body)))
      expect(parsed.error?.issues ?? []).toEqual([])
    }
  })

  it('gives the golden bytes for seed 1', () => {
    const hash = createHash('sha256')
    for (const record of take(10_000)) hash.update(`${JSON.stringify(record)}\n`)
    expect(hash.digest('hex')).toBe('2886379b3fa46d1896fa064861ba2e7abf3981b2a24d79be48b48b77b03138ed')
  })

  it('keeps the people when the start changes, under new event ids', () => {
    const tokens = (startMs: number) =>
      new Set(eventsOf(take(5_000, { startMs, customers: 50 })).map(({ event }) => event.payer.customer))
    expect(tokens(START_MS + 30 * DAY_MS)).toEqual(tokens(START_MS))
    const ids = new Set(eventsOf(take(500)).map(({ event }) => event.id))
    const later = eventsOf(take(500, { startMs: START_MS + 1 }))
    expect(later.some(({ event }) => ids.has(event.id))).toBe(false)
  })

  it('gives other traffic for another seed', () => {
    const ids = new Set(eventsOf(take(500)).map(({ event }) => event.payer.customer))
    expect(eventsOf(take(500, { seed: 2 })).some(({ event }) => ids.has(event.payer.customer))).toBe(false)
  })

  it('has no run of digits as long as a card number in any field', () => {
    for (const record of WEEKS) {
      const text = JSON.stringify(record.kind === 'event' ? record.event : record.label)
      expect(text).not.toMatch(/\d(?:[ -]?\d){12}/)
      expect(containsCardNumber(text)).toBe(false)
    }
  })

  it('writes accounts with the check digits of an IBAN', () => {
    for (const { event } of eventsOf(WEEKS.slice(0, 3_000))) {
      if (event.payer.account === undefined) continue
      expect(event.payer.account).toMatch(/^[A-Z]{2}\d\d[A-Z]{4}\d{10}$/)
      expect(ibanRest(event.payer.account)).toBe(1)
    }
  })

  it('arrives in order of arrival while event times are sometimes minutes out of order', () => {
    const events = eventsOf(WEEKS)
    let newest = 0
    let behindSeconds = 0
    for (const record of events) {
      if (newest - timeOf(record) > 2_000) behindSeconds++
      newest = Math.max(newest, timeOf(record))
      expect(record.arrivesAtMs - timeOf(record)).toBeLessThanOrEqual(600_000)
    }
    expect(behindSeconds / events.length).toBeGreaterThan(0.002)
    expect(behindSeconds / events.length).toBeLessThan(0.02)
  })

  it('makes about the promised number of events a customer a day', () => {
    const weekEvents = eventsOf(WEEKS).filter((record) => timeOf(record) < START_MS + 21 * DAY_MS)
    const perDay = weekEvents.length / 21 / 2_000
    expect(perDay).toBeGreaterThan(EVENTS_A_DAY * 0.93)
    expect(perDay).toBeLessThan(EVENTS_A_DAY * 1.07)
  })

  it('is quiet at night and busy by day, in the local time of the payer', () => {
    const hours = (country: string, offset: number) =>
      eventsOf(WEEKS)
        .filter(({ event, truth }) => event.payer.country === country && truth === 'genuine')
        .map((record) => (new Date(timeOf(record)).getUTCHours() + offset + 24) % 24)
    for (const local of [hours('DE', 1), hours('US', -5), hours('JP', 9)]) {
      const share = (from: number, to: number) =>
        local.filter((hour) => hour >= from && hour < to).length / local.length
      expect(share(0, 6)).toBeLessThan(0.06)
      expect(share(11, 19)).toBeGreaterThan(0.45)
    }
  })

  it('keeps fraud near its share, for any share', () => {
    for (const fraudShare of [0, 0.004, 0.05]) {
      const payments = eventsOf(take(80_000, { fraudShare, customers: 5_000 })).filter(isPayment)
      const share = payments.filter(({ truth }) => truth === 'fraud').length / payments.length
      expect(share).toBeGreaterThanOrEqual(fraudShare * 0.8)
      expect(share).toBeLessThanOrEqual(fraudShare * 1.2)
    }
  })

  it('labels earlier events with their truth and their entities, and leaves some fraud unlabelled', () => {
    const events = new Map(eventsOf(WEEKS).map((record) => [record.event.id, record]))
    const labels = labelsOf(WEEKS)
    for (const { label, arrivesAtMs } of labels) {
      const record = events.get(label.event)!
      expect(record.arrivesAtMs).toBeLessThan(arrivesAtMs)
      expect(label.label).toBe(record.truth)
      const { payer, instrument, payee, device } = record.event
      expect(label).toMatchObject(JSON.parse(JSON.stringify({ payer, instrument, payee, device })))
    }
    expect(new Set(labels.map(({ label }) => label.source))).toEqual(
      new Set(['chargeback', 'customer', 'analyst']),
    )
    const labelled = new Set(labels.map(({ label }) => label.event))
    const early = [...events.values()].filter(
      (record) =>
        record.truth === 'fraud' &&
        isPayment(record) &&
        record.event.outcome !== 'declined' &&
        timeOf(record) < START_MS + 3 * DAY_MS,
    )
    const share = early.filter(({ event }) => labelled.has(event.id)).length / early.length
    expect(share).toBeGreaterThan(0.35)
    expect(share).toBeLessThan(0.95)
  })

  it('delays chargebacks by days and calls by hours', () => {
    const events = new Map(eventsOf(WEEKS).map((record) => [record.event.id, record]))
    const delays = (source: string) =>
      labelsOf(WEEKS)
        .filter(({ label }) => label.source === source)
        .map(({ label }) => Date.parse(label.time) - timeOf(events.get(label.event)!))
    expect(Math.min(...delays('chargeback'))).toBeGreaterThanOrEqual(2 * DAY_MS)
    const calls = delays('customer').sort((a, b) => a - b)
    expect(calls[calls.length >> 1]).toBeLessThan(DAY_MS)
  })

  it('pays in several currencies, mostly euros, and yen without decimals', () => {
    const payments = eventsOf(WEEKS).filter(isPayment)
    const share = (currency: string) =>
      payments.filter(({ event }) => event.currency === currency).length / payments.length
    expect(share('EUR')).toBeGreaterThan(0.6)
    for (const currency of ['USD', 'GBP', 'PLN', 'CHF', 'JPY']) expect(share(currency)).toBeGreaterThan(0.01)
  })

  it('holds back little and stops growing: labels that wait are bounded by their delay', () => {
    const simulator = createSimulator({ seed: 1, startMs: START_MS, customers: 500, fraudShare: 0.01 })
    const most = [0, 0, 0, 0]
    for (let i = 0; i < 400_000; i++) {
      simulator.next()
      const quarter = Math.floor(i / 100_000)
      most[quarter] = Math.max(most[quarter]!, simulator.waiting())
    }
    expect(Math.max(...most)).toBeLessThan(1_000)
    expect(most[3]! / most[1]!).toBeLessThan(1.5)
  })

  it('names the option that is out of bounds', () => {
    const create = (options: object) => () => createSimulator({ seed: 1, startMs: START_MS, ...options })
    expect(create({ seed: -1 })).toThrow('seed must be a whole number')
    expect(create({ customers: 3 })).toThrow('customers must be')
    expect(create({ merchants: 3 })).toThrow('merchants must be')
    expect(create({ startMs: Number.NaN })).toThrow('startMs must be')
    expect(create({ fraudShare: 0.6 })).toThrow('fraudShare must be')
    expect(create({ campaigns: ['phishing'] })).toThrow('campaigns has "phishing"')
    expect(create({ campaigns: [] })).toThrow('campaigns is empty')
  })
})

/** ISO 13616: with the first four characters at the end and letters as numbers, an IBAN is 1 modulo 97. */
function ibanRest(iban: string): number {
  const digits = Array.from(`${iban.slice(4)}${iban.slice(0, 4)}`, (character) =>
    Number.parseInt(character, 36),
  )
  return Number(BigInt(digits.join('')) % 97n)
}
