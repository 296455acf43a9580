// The drift switch and the seasons: what changes when, and that nothing changes before.
import { describe, expect, it } from 'vitest'
import { activityAt, giftsAt, MEAN_SEASON, seasonAt, travelAt } from '../../../src/simulator/rhythm.ts'
import { eurosOf } from './euros.ts'
import { DAY_MS, eventsOf, isPayment, START_MS, take } from './records.ts'

const DRIFT_MS = START_MS + 10 * DAY_MS
const options = { customers: 3_000, fraudShare: 0.03 }
const RECORDS = 160_000

describe('a drift', () => {
  const usual = take(RECORDS, options)
  const drifting = take(RECORDS, { ...options, driftFromMs: DRIFT_MS })

  it('changes nothing before its date but the ids', () => {
    const before = (records: typeof usual) =>
      eventsOf(records)
        .filter(({ arrivesAtMs }) => arrivesAtMs < DRIFT_MS)
        .map(({ event, campaign }) => ({ ...event, id: '', attributes: null, campaign }))
    expect(before(drifting).length).toBeGreaterThan(60_000)
    expect(before(drifting)).toEqual(before(usual))
  })

  it('moves purchases online and makes them dearer', () => {
    const after = (records: typeof usual) =>
      eventsOf(records).filter(
        (record) => record.truth === 'genuine' && record.arrivesAtMs > DRIFT_MS && isPayment(record),
      )
    const share = (channel: string, records: typeof usual) =>
      after(records).filter(({ event }) => event.channel === channel).length / after(records).length
    expect(share('ecommerce', drifting)).toBeGreaterThan(1.4 * share('ecommerce', usual))
    expect(share('pos', drifting)).toBeLessThan(0.8 * share('pos', usual))
    const median = (records: typeof usual) => {
      const groceries = after(records).filter(({ event }) => event.payee?.mcc === '5411')
      return groceries.map(({ event }) => eurosOf(event)).sort((a, b) => a - b)[groceries.length >> 1] ?? 0
    }
    expect(median(drifting) / median(usual)).toBeGreaterThan(1.15)
    expect(median(drifting) / median(usual)).toBeLessThan(1.35)
  })

  it('shifts the fraud from testing and spending stolen cards to taking over and deceiving people', () => {
    const share = (name: string, records: typeof usual) => {
      const frauds = eventsOf(records).filter(
        (record) => record.truth === 'fraud' && isPayment(record) && record.arrivesAtMs > DRIFT_MS,
      )
      return frauds.filter(({ campaign }) => campaign?.startsWith(name)).length / frauds.length
    }
    for (const name of ['card-testing', 'stolen-card'])
      expect(share(name, drifting)).toBeLessThan(0.8 * share(name, usual))
    for (const name of ['account-takeover', 'friendly-fraud'])
      expect(share(name, drifting)).toBeGreaterThan(1.2 * share(name, usual))
  })
})

describe('the seasons', () => {
  it('are between 0 and 1, continuous over the new year, and have the mean that the rate is set by', () => {
    let sum = 0
    let before = seasonAt(START_MS)
    for (let day = 0; day < 3_652; day++) {
      const season = seasonAt(START_MS + day * DAY_MS)
      expect(season).toBeGreaterThan(0.8)
      expect(season).toBeLessThanOrEqual(1)
      expect(Math.abs(season - before)).toBeLessThan(0.01)
      before = season
      sum += season
    }
    expect(sum / 3_652).toBeCloseTo(MEAN_SEASON, 3)
  })

  it('are busiest before Christmas, when gifts are dear, and send people on holiday in summer', () => {
    expect(seasonAt(Date.UTC(2026, 11, 12))).toBeGreaterThan(1.15 * seasonAt(Date.UTC(2026, 0, 25)))
    expect([giftsAt(Date.UTC(2026, 11, 10)), giftsAt(Date.UTC(2026, 11, 28))]).toEqual([1.3, 1])
    expect(travelAt(Date.UTC(2026, 6, 20))).toBeGreaterThan(2 * travelAt(Date.UTC(2026, 2, 20)))
    expect(activityAt(START_MS, 0)).toBeLessThan(0.2)
  })
})
