// What all fraud campaigns share: their shape, how fraud becomes known, and what fraudsters steal and use.
import { COUNTRIES, minorUnits, type Place } from '../countries.ts'
import type { Card, Customer } from '../customers.ts'
import { cardAt, declineReason } from '../habits.ts'
import { homeIp, hostingIp, type Instrument, newDevice } from '../identifiers.ts'
import type { Merchant } from '../merchants.ts'
import type { Random } from '../random.ts'
import type { EventFields, Origin, Report } from '../recorder.ts'
import { DAY_MS, HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

export interface Campaign {
  readonly name: string
  /** Its part of all fraudulent payments, in relation to the other campaigns' parts: usually, and once the drift has begun. */
  readonly share: { readonly usual: number; readonly drifted: number }
  /** Payments that one run makes, about. */
  readonly meanPayments: number
  /** Writes all that one run does, from `startMs` on; nothing when it finds no victim. */
  readonly run: (scene: Scene, startMs: number, origin: Origin) => void
}

/** A customer's card as the thief has it: the tokens of the moment. */
export interface StolenCard {
  readonly victim: Customer
  readonly card: Card
  readonly instrument: Instrument
  readonly report: Report
}

/** Chances of how fraud becomes known; the rest never does. */
export interface ReportChances {
  readonly customer: number
  readonly chargeback: number
  readonly analyst: number
}

export function reportOf(random: Random, chances: ReportChances, fromMs: number): Report {
  const chance = random.uniform()
  if (chance < chances.customer) {
    return { by: 'customer', atMs: fromMs + random.logNormal(5 * HOUR_MS, 0.9) }
  }
  if (chance < chances.customer + chances.chargeback) {
    return { by: 'chargeback', atMs: Number.POSITIVE_INFINITY }
  }
  if (chance < chances.customer + chances.chargeback + chances.analyst) {
    return { by: 'analyst', atMs: fromMs + random.logNormal(1.3 * DAY_MS, 0.6) }
  }
  return { by: 'nobody', atMs: Number.POSITIVE_INFINITY }
}

/** Cards of up to `count` customers. */
export function stealCards(scene: Scene, count: number, atMs: number, chances: ReportChances): StolenCard[] {
  const { random, customers } = scene
  return customers.takeVictims(random, count, atMs).map((victim) => {
    const card = cardAt(random.pick(victim.cards), random, atMs)
    return { victim, card, instrument: card.plastic, report: reportOf(random, chances, atMs) }
  })
}

/** Writes one fraudulent payment with a stolen card and its label; the issuer replaces the card when it is told. */
export function payWithStolenCard(
  scene: Scene,
  stolen: StolenCard,
  atMs: number,
  fields: Omit<EventFields, 'payer' | 'instrument'>,
  origin: Origin,
): void {
  const { card, instrument, report } = stolen
  const blocked = atMs >= Math.min(report.atMs, card.replacedFromMs)
  const outcome = blocked ? 'declined' : fields.outcome
  const attributes = outcome === 'declined' ? { decline_reason: declineReason(scene.random) } : undefined
  const record = scene.recorder.write(
    atMs,
    { ...fields, outcome, payer: card.payer, instrument, attributes },
    origin,
  )
  // What was declined cost nobody anything, so hardly anybody asks for it back.
  if (outcome === 'declined' && scene.random.chance(0.9)) return
  const knownFromMs = scene.recorder.labelFraud(record, report)
  card.replacedFromMs = Math.min(card.replacedFromMs, knownFromMs)
}

/** An authorisation at a merchant, of an amount in euros paid in the merchant's currency. */
export function authorisationAt(merchant: Merchant, eur: number) {
  const { currency } = merchant.country
  return {
    type: 'authorisation',
    amount: minorUnits(eur, currency),
    currency: currency.code,
    payee: merchant.payee,
  } as const
}

/** A device that no victim has seen, behind a rented server or in some living room; it may pretend to be in any city. */
export function fraudDevice(random: Random, hosted: number) {
  const { id, fingerprint } = newDevice(random)
  const ip = random.chance(hosted) ? hostingIp(random) : homeIp(random)
  const geo: Place | undefined = random.chance(0.4) ? random.pick(random.pick(COUNTRIES).cities) : undefined
  return { id, ip, fingerprint, geo }
}
