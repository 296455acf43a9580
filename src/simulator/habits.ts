// What one customer tends to do: where, with which card and device, at which merchant.
import type { Country, Place } from './countries.ts'
import type { Card, Customer } from './customers.ts'
import { hostingIp, retokenised } from './identifiers.ts'
import type { Merchant, MerchantKind, Merchants } from './merchants.ts'
import type { Random } from './random.ts'
import type { Scene } from './scene.ts'
import { whereIs } from './whereabouts.ts'

export const OTP_PASSED = { method: 'otp', result: 'passed' } as const
export const OTP_FAILED = { method: 'otp', result: 'failed' } as const

/** Why an issuer declines; it says the same to thieves. */
export function declineReason(random: Random): string {
  return random.pick(['insufficient_funds', 'do_not_honour', 'limit_exceeded', 'issuer_unavailable'])
}

/** How an online purchase goes that nobody authenticated: exempted, unsupported by the shop or by the issuer. */
export function weakAuthentication(random: Random) {
  const chance = random.uniform()
  if (chance < 0.6) return { method: 'none', result: 'exempted' } as const
  return chance < 0.8 ? ({ method: 'none' } as const) : ({ method: '3ds', result: 'attempted' } as const)
}

/** The card as it is at that time: after a reported theft the issuer has given it new tokens. */
export function cardAt(card: Card, random: Random, atMs: number): Card {
  if (atMs >= card.replacedFromMs) {
    card.plastic = retokenised(random, card.plastic, 'card')
    card.wallet = card.wallet === null ? null : retokenised(random, card.plastic, 'wallet')
    card.replacedFromMs = Number.POSITIVE_INFINITY
  }
  return card
}

/** A merchant of the kind in a country: at home mostly a favourite, abroad by popularity alone. */
export function merchantFor(
  customer: Customer,
  random: Random,
  merchants: Merchants,
  kind: MerchantKind,
  country: Country | null,
): Merchant {
  if (country !== customer.country) return merchants.choose(random, kind, country)
  const favourites = customer.favourites.get(kind)
  if (favourites !== undefined && random.chance(0.82)) {
    const favourite = favourites[random.zipf(favourites.length)]
    if (favourite !== undefined) return favourite
  }
  const merchant = merchants.choose(random, kind, country)
  if (favourites === undefined) customer.favourites.set(kind, [merchant])
  else if (favourites.length < 5 && random.chance(0.3)) favourites.push(merchant)
  return merchant
}

/** Mostly the first card. */
export function chooseCard(scene: Scene, customer: Customer, atMs: number): Card {
  const index = customer.cards.length > 1 && scene.random.chance(0.25) ? 1 : 0
  return cardAt(customer.cards[index] ?? scene.random.pick(customer.cards), scene.random, atMs)
}

/** The customer's device at this moment: where the customer is, in a mobile network or behind a VPN; not all tell their position. */
export function deviceOf(scene: Scene, customer: Customer, atMs: number) {
  const { random } = scene
  const device = customer.devices[random.zipf(customer.devices.length)] ?? random.pick(customer.devices)
  const where = whereIs(customer, atMs)
  const usual = random.chance(0.62) && where !== null ? where.ip : customer.mobileIp
  const ip = random.chance(0.02) ? hostingIp(random) : usual
  const geo: Place | undefined = random.chance(0.6) ? where?.place : undefined
  return { id: device.id, ip, fingerprint: device.fingerprint, geo }
}
