// The customers and their habits. Each is made when first met, from a random stream of its own, so that a large
// population costs nothing until it pays, and customer 17 is the same person whoever came before.
import { COUNTRIES_BY_WEIGHT, type Country, type Place } from './countries.ts'
import {
  type Device,
  homeIp,
  identifier,
  type Instrument,
  newAccount,
  newCard,
  newDevice,
  retokenised,
  sharedIp,
} from './identifiers.ts'
import { type Merchant, type MerchantKind, nearby } from './merchants.ts'
import { createRandom, type Random } from './random.ts'
import { DAY_MS } from './rhythm.ts'
import type { Journey } from './whereabouts.ts'

/** As it stands in events; a type, not an interface, as Place is. */
export type Payer = { readonly account?: string; readonly customer: string; readonly country: string }

export interface Card {
  /** Who the publisher says pays with it: a credit card belongs to no account. */
  readonly payer: Payer
  plastic: Instrument
  /** The card on the customer's phone, under a token of its own. */
  wallet: Instrument | null
  /** From then on the issuer has replaced the card, tokens and all; Infinity while it has no reason to. */
  replacedFromMs: number
}

export interface Payee {
  readonly account: string
  readonly country: string
  /** What this customer usually sends there. */
  readonly usualEur: number
}

export interface Customer {
  readonly country: Country
  /** Where home is: the centre of the city, and the place itself. */
  readonly city: Place
  readonly home: Place
  /** The account holder, for what happens in the banking app. */
  readonly payer: Payer
  /** How often this customer does something, in [0.15, 1]. */
  readonly activity: number
  /** Times the usual price. */
  readonly spending: number
  readonly balanceEur: number
  /** One or two, the most used first. */
  readonly cards: readonly Card[]
  /** One to three, the most used first. */
  readonly devices: Device[]
  readonly homeIp: string
  readonly mobileIp: string
  readonly favourites: Map<MerchantKind, Merchant[]>
  readonly payees: Payee[]
  /** The one that was decided on last; null when it is over, or there was none. */
  journey: Journey | null
  /** Until then no campaign chooses this customer. */
  victimUntilMs: number
}

export interface Customers {
  readonly count: number
  at(index: number): Customer
  /** Up to `count` customers who have not been a victim for a while; they are victims now. */
  takeVictims(random: Random, count: number, atMs: number): Customer[]
}

/** The mean of `activity`: 0.15 + 0.85 u² for u even in [0, 1). */
export const MEAN_CUSTOMER_ACTIVITY = 0.15 + 0.85 / 3
const VICTIM_REST_MS = 45 * DAY_MS
const PEOPLE_BEHIND_ONE_MOBILE_IP = 40
const FIRST_CUSTOMER_STREAM = 1_000

export function createCustomers(seed: number, count: number): Customers {
  const known = new Map<number, Customer>()
  const at = (index: number): Customer => {
    const existing = known.get(index)
    if (existing !== undefined) return existing
    const customer = createCustomer(createRandom(seed, FIRST_CUSTOMER_STREAM + index), count)
    known.set(index, customer)
    return customer
  }
  return {
    count,
    at,
    takeVictims(random, wanted, atMs) {
      const victims: Customer[] = []
      for (let tries = 0; tries < 4 * wanted && victims.length < wanted; tries++) {
        const customer = at(random.int(count))
        if (customer.victimUntilMs > atMs) continue
        customer.victimUntilMs = atMs + VICTIM_REST_MS
        victims.push(customer)
      }
      return victims
    },
  }
}

function createCustomer(random: Random, population: number): Customer {
  const country = random.pick(COUNTRIES_BY_WEIGHT)
  const holder = { customer: identifier(random, 'cus_'), country: country.code }
  const payer = { account: newAccount(random, country), ...holder }
  const spending = random.logNormal(1, 0.35)
  const mobilePool = Math.max(4, Math.ceil(population / PEOPLE_BEHIND_ONE_MOBILE_IP))
  const cards = [createCard(random, payer)]
  if (random.chance(0.45)) cards.push(createCard(random, random.chance(0.6) ? holder : payer))
  const city = random.pick(country.cities)
  return {
    country,
    city,
    home: nearby(random, city, 0.12),
    payer,
    activity: 0.15 + 0.85 * random.uniform() ** 2,
    spending,
    balanceEur: random.logNormal(2_400 * spending, 0.9),
    cards,
    devices: Array.from({ length: 1 + random.zipf(3) }, () => newDevice(random)),
    homeIp: homeIp(random),
    mobileIp: sharedIp(random.int(mobilePool)),
    favourites: new Map(),
    payees: Array.from({ length: random.whole(1, 4) }, () => newPayee(random, country)),
    journey: null,
    victimUntilMs: Number.NEGATIVE_INFINITY,
  }
}

function createCard(random: Random, payer: Payer): Card {
  const plastic = newCard(random, payer.country, 'card')
  const wallet = random.chance(0.4) ? retokenised(random, plastic, 'wallet') : null
  return { payer, plastic, wallet, replacedFromMs: Number.POSITIVE_INFINITY }
}

export function newPayee(random: Random, country: Country): Payee {
  const usualEur = random.logNormal(110, 1)
  return { account: newAccount(random, country), country: country.code, usualEur }
}
