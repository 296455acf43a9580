// Genuine purchases: in person, online, on subscription, by phone, and what follows from them.
import { logIn } from './banking.ts'
import { minorUnits } from './countries.ts'
import type { Customer } from './customers.ts'
import {
  cardAt,
  chooseCard,
  declineReason,
  deviceOf,
  merchantFor,
  OTP_FAILED,
  OTP_PASSED,
  weakAuthentication,
} from './habits.ts'
import { type Merchant, outletIn } from './merchants.ts'
import type { Random } from './random.ts'
import { type EventFields, GENUINE, type SimulatedEvent } from './recorder.ts'
import { DAY_MS, giftsAt, HOUR_MS } from './rhythm.ts'
import type { Scene } from './scene.ts'
import type { Where } from './whereabouts.ts'

const DECLINED = 0.022
const ANALYST_LOOKS = 0.0015

/** Kinds that a customer thinks of where the country has none of the one before. */
const KINDS_TRIED = 6

/** Where the customer is; online when no shop is there. */
export function buyInPerson(
  scene: Scene,
  customer: Customer,
  { country, city }: Where,
  atMs: number,
  hour: number,
): void {
  const { random, merchants } = scene
  let kind = merchants.kindInPerson(random, hour)
  for (let tries = 1; tries < KINDS_TRIED && !merchants.has(kind, country); tries++)
    kind = merchants.kindInPerson(random, hour)
  if (!merchants.has(kind, country)) return buyOnline(scene, customer, atMs)
  const merchant = merchantFor(customer, random, merchants, kind, country)
  const geo = outletIn(merchant, city)
  const card = chooseCard(scene, customer, atMs)
  const byPhone = card.wallet !== null && random.chance(0.6)
  const device = byPhone
    ? { id: customer.devices[0]?.id, fingerprint: customer.devices[0]?.fingerprint, geo }
    : { geo }
  const reading = random.chance(0.97) ? readCard(random) : ({ method: 'none' } as const)
  pay(scene, customer, atMs, {
    ...purchase(scene, customer, merchant, atMs),
    channel: 'pos',
    payer: card.payer,
    instrument: (byPhone ? card.wallet : null) ?? card.plastic,
    device,
    authentication: byPhone ? { method: 'biometric', result: 'passed' } : reading,
  })
}

/** With the chip, held to the terminal or put in; what is left uses the stripe. */
function readCard(random: Random) {
  return { method: random.chance(0.7) ? 'contactless' : 'chip', result: 'passed' } as const
}

/** With strong authentication about every second time: an OTP comes first, and now and then a login to the banking app for it. */
export function buyOnline(scene: Scene, customer: Customer, atMs: number): void {
  const { random, merchants, recorder } = scene
  const kind = merchants.kindOnline(random)
  const merchant = merchantFor(
    customer,
    random,
    merchants,
    kind,
    random.chance(0.72) ? customer.country : null,
  )
  const card = chooseCard(scene, customer, atMs)
  const device = deviceOf(scene, customer, atMs)
  const fields = purchase(scene, customer, merchant, atMs)
  let payAtMs = atMs
  const strong = random.chance(0.5)
  if (strong) {
    if (random.chance(0.3)) {
      const inApp = {
        currency: customer.country.currency.code,
        channel: 'app',
        payer: customer.payer,
        device,
      } as const
      logIn(scene, inApp, payAtMs, 'approved', GENUINE)
      payAtMs += random.between(4_000, 20_000)
    }
    const otp = {
      type: 'otp',
      amount: 0,
      currency: fields.currency,
      channel: 'ecommerce',
      payer: card.payer,
      instrument: card.plastic,
      device,
    } as const
    if (random.chance(0.04)) {
      recorder.write(payAtMs, { ...otp, outcome: 'failed', authentication: OTP_FAILED }, GENUINE)
      payAtMs += random.between(8_000, 40_000)
    }
    recorder.write(payAtMs, { ...otp, outcome: 'approved', authentication: OTP_PASSED }, GENUINE)
    payAtMs += random.between(2_000, 9_000)
  }
  pay(scene, customer, payAtMs, {
    ...fields,
    channel: 'ecommerce',
    payer: card.payer,
    instrument: card.plastic,
    device,
    authentication: strong ? { method: '3ds', result: 'passed' } : weakAuthentication(random),
  })
}

/** The merchant charges a card that it keeps: nobody is there to authenticate. */
export function paySubscription(scene: Scene, customer: Customer, atMs: number): void {
  const { random, merchants } = scene
  const kind = merchants.kind('subscription')
  const merchant = merchantFor(customer, random, merchants, kind, customer.country)
  const { payer, plastic } = chooseCard(scene, customer, atMs)
  const { currency } = merchant.country
  pay(scene, customer, atMs, {
    type: 'authorisation',
    amount: minorUnits(kind.medianEur * merchant.priceLevel ** 2, currency),
    currency: currency.code,
    channel: 'api',
    payer,
    instrument: plastic,
    payee: merchant.payee,
    authentication: { method: 'none', result: 'exempted' },
    attributes: { recurring: true },
  })
}

export function orderByPhone(scene: Scene, customer: Customer, atMs: number): void {
  const { random, merchants } = scene
  const kind = merchants.kind(random.chance(0.5) ? 'clothing' : 'marketplace')
  const merchant = merchantFor(customer, random, merchants, kind, customer.country)
  const { payer, plastic } = chooseCard(scene, customer, atMs)
  pay(scene, customer, atMs, {
    ...purchase(scene, customer, merchant, atMs),
    channel: 'moto',
    payer,
    instrument: plastic,
    authentication: { method: 'none' },
  })
}

/** Writes the payment with what may follow from it: a decline and a second try, a refund, a reversal, a label. */
function pay(scene: Scene, customer: Customer, atMs: number, fields: EventFields): void {
  const { random, recorder } = scene
  if (random.chance(DECLINED)) {
    recorder.write(
      atMs,
      {
        ...fields,
        outcome: 'declined',
        attributes: { ...fields.attributes, decline_reason: declineReason(random) },
      },
      GENUINE,
    )
    if (random.chance(0.4)) return
    const other = cardAt(customer.cards.at(-1) ?? chooseCard(scene, customer, atMs), random, atMs)
    const again = { payer: other.payer, instrument: other.plastic, outcome: 'pending' } as const
    recorder.write(atMs + random.between(15_000, 90_000), { ...fields, ...again }, GENUINE)
    return
  }
  follow(scene, recorder.write(atMs, { ...fields, outcome: 'pending' }, GENUINE), atMs)
}

function follow(scene: Scene, record: SimulatedEvent, atMs: number): void {
  const { random, recorder } = scene
  const chance = random.uniform()
  if (chance < ANALYST_LOOKS) recorder.labelGenuine(record)
  else if (chance < 0.006) giveBack(scene, record, 'reversal', atMs + random.between(20_000, 900_000))
  else if (chance < 0.02) {
    giveBack(scene, record, 'refund', atMs + Math.min(random.logNormal(60 * HOUR_MS, 0.8), 30 * DAY_MS))
  }
}

function giveBack(scene: Scene, record: SimulatedEvent, type: 'refund' | 'reversal', atMs: number): void {
  const { amount, currency, channel, payer, instrument, payee, id } = record.event
  const partial = type === 'refund' && scene.random.chance(0.3)
  scene.recorder.write(
    atMs,
    {
      type,
      amount: partial ? Math.ceil(amount * scene.random.between(0.2, 0.9)) : amount,
      currency,
      outcome: 'approved',
      channel,
      payer,
      instrument,
      payee,
      attributes: { original_event: id },
    },
    GENUINE,
  )
}

const GIFTS: ReadonlySet<string> = new Set(['clothing', 'electronics', 'marketplace', 'luxury'])
/** What everything costs after the drift, times what it cost before. */
const DEARER = 1.25

function purchase(scene: Scene, customer: Customer, merchant: Merchant, atMs: number) {
  const { random } = scene
  const { name, medianEur, sigma } = merchant.kind
  const season = GIFTS.has(name) ? giftsAt(atMs) : 1
  const level = season * (atMs >= scene.driftFromMs ? DEARER : 1)
  const eur = random.logNormal(level * medianEur * merchant.priceLevel * customer.spending, sigma)
  return {
    type: 'authorisation',
    amount: minorUnits(eur, merchant.country.currency),
    currency: merchant.country.currency.code,
    payee: merchant.payee,
  } as const
}
