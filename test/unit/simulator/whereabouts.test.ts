// Nobody is in two places at once: positions, countries and journeys of genuine events fit together in time.
import { describe, expect, it } from 'vitest'
import { COUNTRIES, type Place } from '../../../src/simulator/countries.ts'
import { HOUR_MS } from '../../../src/simulator/rhythm.ts'
import { distanceKm, positionOf } from '../../../src/velocity/position.ts'
import { eventsOf, take, timeOf } from './records.ts'

/** Airliners cruise at about this speed, and nobody goes from door to door at it. */
const FASTEST_KMH = 900
/** The size of a city, and the errors of positions. */
const CITY_KM = 60

const GENUINE = eventsOf(take(120_000, { customers: 1_000, fraudShare: 0 })).sort(
  (a, b) => timeOf(a) - timeOf(b),
)
const km = (a: Place, b: Place): number => distanceKm(positionOf(a.lat, a.lon), positionOf(b.lat, b.lon))
/** The country that a position is in, by its nearest city. */
const countryOf = (place: Place): string =>
  COUNTRIES.map((country) => ({
    country,
    away: Math.min(...country.cities.map((city) => km(city, place))),
  })).sort((a, b) => a.away - b.away)[0]!.country.code

describe('simulated people', () => {
  it('need time to travel, whichever card or device is seen', () => {
    const last = new Map<string, { place: Place; atMs: number }>()
    let journeys = 0
    for (const record of GENUINE) {
      const { payer, device } = record.event
      const place = device?.geo
      if (place === undefined) continue
      const who = payer.customer ?? ''
      const before = last.get(who)
      const atMs = timeOf(record)
      last.set(who, { place, atMs })
      if (before === undefined) continue
      const away = km(before.place, place)
      if (away <= CITY_KM) continue
      journeys++
      expect(away / ((atMs - before.atMs) / HOUR_MS), JSON.stringify(record.event)).toBeLessThan(FASTEST_KMH)
    }
    // Otherwise nobody would have travelled, and the test would show nothing.
    expect(journeys).toBeGreaterThan(100)
  })

  it('pay in person where they are: the country of the terminal is the one of its position', () => {
    let abroad = 0
    let inPerson = 0
    for (const { event } of GENUINE) {
      if (event.channel !== 'pos' && event.channel !== 'atm') continue
      if (event.type !== 'authorisation' && event.type !== 'withdrawal') continue
      inPerson++
      const { geo } = event.device ?? {}
      expect(geo).toBeDefined()
      expect(countryOf(geo!)).toBe(event.payee?.country)
      if (event.payee?.country !== event.payer.country) abroad++
    }
    expect(abroad / inPerson).toBeGreaterThan(0.005)
    expect(abroad / inPerson).toBeLessThan(0.06)
  })

  it('take their devices along: while somebody pays abroad in person, the device is there too', () => {
    const lastTerminal = new Map<string, { country: string; atMs: number }>()
    let seen = 0
    for (const record of GENUINE) {
      const { event } = record
      const who = event.payer.customer ?? ''
      const place = event.device?.geo
      if (place === undefined) continue
      const atMs = timeOf(record)
      if (event.channel === 'pos' || event.channel === 'atm') {
        if (event.payee?.country !== event.payer.country)
          lastTerminal.set(who, { country: event.payee?.country ?? '', atMs })
        continue
      }
      const terminal = lastTerminal.get(who)
      if (terminal === undefined || atMs - terminal.atMs > 2 * HOUR_MS) continue
      seen++
      expect(countryOf(place)).toBe(terminal.country)
    }
    expect(seen).toBeGreaterThan(10)
  })
})
