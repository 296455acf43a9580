// The merchants: kinds with their price level, hours and share of the trade, and a directory by kind and country.
import { COUNTRIES, COUNTRIES_BY_WEIGHT, type Country, type Place } from './countries.ts'
import { identifier } from './identifiers.ts'
import { createRandom, type Random } from './random.ts'

export interface MerchantKind {
  readonly name: string
  /** ISO 18245. */
  readonly mcc: string
  /** A price is log-normal around this, before the merchant's and the customer's own level. */
  readonly medianEur: number
  readonly sigma: number
  /** How often people buy here in person and online. */
  readonly inPerson: number
  readonly online: number
  /** Share of the merchants. */
  readonly outlets: number
  /** Local hours in which people buy in person. */
  readonly opens: number
  readonly closes: number
}

type Row = readonly [
  name: string,
  mcc: string,
  medianEur: number,
  sigma: number,
  inPerson: number,
  online: number,
  outlets: number,
  opens: number,
  closes: number,
]

const ROWS: readonly Row[] = [
  ['grocery', '5411', 26, 0.7, 30, 4, 14, 7, 21],
  ['restaurant', '5812', 31, 0.55, 13, 0, 16, 11, 23],
  ['fast-food', '5814', 9, 0.45, 14, 6, 12, 6, 23],
  ['fuel', '5541', 52, 0.35, 9, 0, 9, 5, 23],
  ['transport', '4111', 6, 0.7, 9, 8, 4, 5, 24],
  ['pharmacy', '5912', 15, 0.6, 6, 2, 6, 8, 20],
  ['clothing', '5651', 55, 0.6, 5, 14, 8, 9, 20],
  ['home', '5200', 46, 0.8, 5, 6, 6, 8, 20],
  ['electronics', '5732', 140, 0.85, 2, 8, 5, 9, 20],
  ['marketplace', '5399', 33, 0.85, 0, 26, 3, 0, 24],
  ['digital-goods', '5816', 9, 0.8, 0, 14, 4, 0, 24],
  ['travel', '4511', 210, 0.7, 0, 4, 2, 0, 24],
  ['hotel', '7011', 140, 0.6, 1.5, 4, 5, 6, 24],
  ['luxury', '5944', 450, 0.8, 0.4, 0.6, 2, 10, 19],
  ['charity', '8398', 22, 0.7, 0, 1.5, 1.5, 0, 24],
  ['betting', '7995', 24, 0.9, 0, 4, 1.5, 0, 24],
  ['crypto', '6051', 110, 1, 0, 1.2, 1, 0, 24],
  ['subscription', '5968', 12, 0.4, 0, 0, 3, 0, 24],
  ['atm', '6011', 80, 0.6, 0, 0, 6, 0, 24],
]

export const KINDS: readonly MerchantKind[] = ROWS.map(
  ([name, mcc, medianEur, sigma, inPerson, online, outlets, opens, closes]) => ({
    name,
    mcc,
    medianEur,
    sigma,
    inPerson,
    online,
    outlets,
    opens,
    closes,
  }),
)

export type KindName =
  | 'electronics'
  | 'marketplace'
  | 'digital-goods'
  | 'luxury'
  | 'charity'
  | 'crypto'
  | 'clothing'
  | 'grocery'
  | 'subscription'
  | 'atm'

export interface Merchant {
  readonly kind: MerchantKind
  readonly country: Country
  /** As it stands in events. */
  readonly payee: { readonly merchant: string; readonly mcc: string; readonly country: string }
  /** The centre of the city where it is, and the place itself. */
  readonly city: Place
  readonly place: Place
  /** Times the kind's price level. */
  readonly priceLevel: number
}

export interface Merchants {
  kind(name: KindName): MerchantKind
  /** A kind that people buy from in person at this local hour. */
  kindInPerson(random: Random, hour: number): MerchantKind
  kindOnline(random: Random): MerchantKind
  /** Whether the country has a merchant of the kind. */
  has(kind: MerchantKind, country: Country): boolean
  /** A merchant by popularity (Zipf); of any country when the country has none of the kind, or is null. */
  choose(random: Random, kind: MerchantKind, country: Country | null): Merchant
  /** One of the least popular merchants of the kind. */
  chooseObscure(random: Random, kind: MerchantKind): Merchant
}

/** The fewest merchants: one of each kind. */
export const MIN_MERCHANTS = KINDS.length

/** `count` merchants, at least MIN_MERCHANTS, the most popular of each kind and country first. */
export function createMerchants(seed: number, count: number): Merchants {
  const random = createRandom(seed, 1)
  const byKind = new Map<MerchantKind, Merchant[]>()
  const byKindAndCountry = new Map<MerchantKind, Map<Country, Merchant[]>>()
  const pickKind = weighted(KINDS, (kind) => kind.outlets)
  for (let i = 0; i < count; i++) {
    const merchant = createMerchant(random, KINDS[i] ?? pickKind(random))
    const { kind, country } = merchant
    const cells = byKindAndCountry.get(kind) ?? new Map<Country, Merchant[]>()
    byKindAndCountry.set(kind, cells)
    append(byKind, kind, merchant)
    append(cells, country, merchant)
  }
  const pickInPerson = weighted(KINDS, (kind) => kind.inPerson)
  const named = new Map(KINDS.map((kind) => [kind.name, kind]))

  return {
    kind: (name) => {
      const kind = named.get(name)
      if (kind === undefined) throw new RangeError(`No merchant kind is named ${name}`)
      return kind
    },
    kindInPerson: (random, hour) => {
      for (let tries = 0; ; tries++) {
        const kind = pickInPerson(random)
        if ((hour >= kind.opens && hour < kind.closes) || tries === 5) return kind
      }
    },
    kindOnline: weighted(KINDS, (kind) => kind.online),
    has: (kind, country) => byKindAndCountry.get(kind)?.has(country) === true,
    choose: (random, kind, country) => {
      const local = country === null ? undefined : byKindAndCountry.get(kind)?.get(country)
      return byRank(local ?? byKind.get(kind) ?? [], (n) => random.zipf(n))
    },
    chooseObscure: (random, kind) => byRank(byKind.get(kind) ?? [], (n) => n - 1 - random.int((n + 3) >> 2)),
  }
}

function createMerchant(random: Random, kind: MerchantKind): Merchant {
  const country = random.pick(COUNTRIES_BY_WEIGHT)
  const city = random.pick(country.cities)
  return {
    kind,
    country,
    payee: { merchant: identifier(random, 'mer_', 10), mcc: kind.mcc, country: country.code },
    city,
    place: nearby(random, city, 0.15),
    priceLevel: random.logNormal(1, 0.25),
  }
}

/** Where one pays in person in a city of the merchant's country: a merchant has an outlet in each. */
export function outletIn({ city: own, place }: Merchant, city: Place): Place {
  if (own === city) return place
  const moved = (centre: number, shift: number): number => Math.round((centre + shift) * 1_000) / 1_000
  return { lat: moved(city.lat, place.lat - own.lat), lon: moved(city.lon, place.lon - own.lon) }
}

/** A place up to about `degrees` away, to three decimals (some 100 m). */
export function nearby(random: Random, place: Place, degrees: number): Place {
  const shift = (centre: number): number =>
    Math.round((centre + random.between(-degrees, degrees)) * 1_000) / 1_000
  return { lat: shift(place.lat), lon: shift(place.lon) }
}

export function otherCountry(random: Random, home: Country): Country {
  const others = COUNTRIES.filter((country) => country !== home)
  return random.pick(others)
}

function byRank(merchants: readonly Merchant[], rank: (n: number) => number): Merchant {
  const merchant = merchants[rank(merchants.length)]
  if (merchant === undefined) throw new RangeError('No merchant of that kind')
  return merchant
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

/** A function that picks an item in proportion to its weight. */
function weighted<T>(items: readonly T[], weight: (item: T) => number): (random: Random) => T {
  const total = items.reduce((sum, item) => sum + weight(item), 0)
  const upTo: number[] = []
  let sum = 0
  for (const item of items) upTo.push((sum += weight(item) / total))
  return (random) => {
    const at = random.uniform()
    const index = upTo.findIndex((bound) => at < bound)
    const item = items[index === -1 ? items.length - 1 : index]
    if (item === undefined) throw new RangeError('Nothing to pick from')
    return item
  }
}
