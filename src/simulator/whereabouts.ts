// Where people are: at home, on a journey, or under way. Nobody is in two places at once: whoever travels needs hours for it, is not
// seen meanwhile, and pays, draws cash and goes online at the other place until the way back.
import { distanceKm, positionOf } from '../velocity/position.ts'
import type { Country, Place } from './countries.ts'
import type { Customer } from './customers.ts'
import { sharedIp } from './identifiers.ts'
import { nearby, otherCountry } from './merchants.ts'
import type { Random } from './random.ts'
import { DAY_MS, HOUR_MS, travelAt } from './rhythm.ts'

export interface Where {
  readonly country: Country
  /** The centre of the city; one of its country's. */
  readonly city: Place
  /** Home, or where the customer stays: where a device is. */
  readonly place: Place
  /** The address there. */
  readonly ip: string
}

export interface Journey {
  readonly to: Where
  readonly leavesAtMs: number
  readonly arrivesAtMs: number
  /** When the way back begins, and when it ends. */
  readonly endsAtMs: number
  readonly homeAtMs: number
}

/** Chance a session that the customer decides on a journey; two abroad and three within the country in a year. */
const ABROAD = 0.003
const WITHIN_COUNTRY = 0.004
/** Addresses of hotels and guests' networks, apart from those of mobile networks. */
const FIRST_GUEST_IP = 65_536
const GUEST_IPS = 4_000

/** Lets the customer decide on a journey, now and then, that begins hours later. */
export function mayTravel(customer: Customer, random: Random, atMs: number): void {
  if (customer.journey !== null && atMs < customer.journey.homeAtMs) return
  customer.journey = null
  const chance = random.uniform()
  const abroad = ABROAD * travelAt(atMs)
  if (chance < abroad) {
    const country = otherCountry(random, customer.country)
    customer.journey = journeyTo(customer, random, country, random.pick(country.cities), atMs, [2, 10])
  } else if (chance < abroad + WITHIN_COUNTRY) {
    const others = customer.country.cities.filter((city) => city !== customer.city)
    if (others.length === 0) return
    customer.journey = journeyTo(customer, random, customer.country, random.pick(others), atMs, [0.3, 3])
  }
}

function journeyTo(
  customer: Customer,
  random: Random,
  country: Country,
  city: Place,
  nowMs: number,
  [fewestDays, mostDays]: readonly [number, number],
): Journey {
  const place = nearby(random, city, 0.1)
  const to = { country, city, place, ip: sharedIp(FIRST_GUEST_IP + random.int(GUEST_IPS)) }
  const wayMs = travelHours(customer.home, place) * HOUR_MS
  const leavesAtMs = nowMs + random.between(2, 24) * HOUR_MS
  const arrivesAtMs = leavesAtMs + wayMs
  const endsAtMs = arrivesAtMs + random.between(fewestDays, mostDays) * DAY_MS
  return { to, leavesAtMs, arrivesAtMs, endsAtMs, homeAtMs: endsAtMs + wayMs }
}

/** By rail or by air, whichever is faster, from door to door. */
function travelHours(from: Place, to: Place): number {
  const km = distanceKm(positionOf(from.lat, from.lon), positionOf(to.lat, to.lon))
  return Math.min(0.5 + km / 130, 2.5 + km / 750)
}

/** Where the customer is, as far as it is decided; null under way. */
export function whereIs(customer: Customer, atMs: number): Where | null {
  const { journey } = customer
  if (journey === null || atMs < journey.leavesAtMs || atMs >= journey.homeAtMs) return atHome(customer)
  return atMs >= journey.arrivesAtMs && atMs < journey.endsAtMs ? journey.to : null
}

export function atHome({ country, city, home, homeIp }: Customer): Where {
  return { country, city, place: home, ip: homeIp }
}
