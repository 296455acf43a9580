// Mule ring: people are talked into paying somebody themselves (a false bank clerk, a false grandchild). They use their own device
// and pass every check; the mule, a customer too, sends each sum on within the hour and draws the rest at a cash machine.
// Parameters: one mule, 3-8 victims about 4 h apart, each of whom adds the mule as payee and sends about 850 EUR; the mule forwards
// 80-95 % to one account of the next layer 4-50 min later and every second time draws cash.
import { type Campaign, reportOf } from './campaign.ts'
import { logIn, otp, payeeAdded, transferTo } from '../banking.ts'
import { minorUnits, roundedMinorUnits } from '../countries.ts'
import type { Customer } from '../customers.ts'
import { deviceOf, merchantFor } from '../habits.ts'
import { outletIn } from '../merchants.ts'
import type { Origin } from '../recorder.ts'
import { HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'
import { atHome, whereIs } from '../whereabouts.ts'

const VICTIMS_KNOWN_BY = { customer: 0.55, chargeback: 0, analyst: 0.1 }
const MULE_KNOWN_BY = { customer: 0, chargeback: 0, analyst: 0.4 }

export const muleRing: Campaign = {
  name: 'mule-ring',
  share: { usual: 0.1, drifted: 0.16 },
  meanPayments: 13,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, customers } = scene
  const [mule, ...victims] = customers.takeVictims(random, random.whole(4, 9), startMs)
  if (mule === undefined) return
  const nextLayer = { account: random.pick(scene.muleAccounts), country: mule.country.code }
  let atMs = startMs
  for (const [index, victim] of victims.entries()) {
    const eur = random.logNormal(850, 0.6)
    const paidAtMs = sendToMule(scene, victim, mule, eur, atMs, origin)
    const forwardAtMs = paidAtMs + random.between(4, 50) * 60_000
    forward(scene, mule, nextLayer, eur, index === 0, forwardAtMs, origin)
    atMs = forwardAtMs + random.exponential(4 * HOUR_MS)
  }
}

function sendToMule(
  scene: Scene,
  victim: Customer,
  mule: Customer,
  eur: number,
  startMs: number,
  origin: Origin,
): number {
  const { random, recorder } = scene
  const inApp = appSession(scene, victim, startMs)
  const payee = { account: mule.payer.account ?? '', country: mule.country.code }
  logIn(scene, inApp, startMs, 'approved', origin)
  const addedAtMs = startMs + random.between(30_000, 240_000)
  recorder.write(addedAtMs, payeeAdded(inApp, payee), origin)
  const otpAtMs = addedAtMs + random.between(10_000, 60_000)
  otp(scene, inApp, otpAtMs, 'approved', origin)
  const paidAtMs = otpAtMs + random.between(3_000, 20_000)
  const amount = roundedMinorUnits(eur, victim.country.currency, 10)
  const transfer = { ...inApp, ...transferTo(payee), amount, outcome: 'pending' } as const
  const record = recorder.write(paidAtMs, transfer, origin)
  recorder.labelFraud(record, reportOf(random, VICTIMS_KNOWN_BY, paidAtMs))
  return paidAtMs
}

function forward(
  scene: Scene,
  mule: Customer,
  payee: { readonly account: string; readonly country: string },
  eur: number,
  first: boolean,
  startMs: number,
  origin: Origin,
): void {
  const { random, recorder, merchants } = scene
  const inApp = appSession(scene, mule, startMs)
  logIn(scene, inApp, startMs, 'approved', origin)
  if (first) recorder.write(startMs + 30_000, payeeAdded(inApp, payee), origin)
  const { currency } = mule.country
  const amount = minorUnits(eur * random.between(0.8, 0.95), currency)
  const transfer = { ...inApp, ...transferTo(payee), amount, outcome: 'pending' } as const
  const record = recorder.write(startMs + random.between(60_000, 180_000), transfer, origin)
  recorder.labelFraud(record, reportOf(random, MULE_KNOWN_BY, startMs))
  const where = whereIs(mule, startMs) ?? atHome(mule)
  const kind = merchants.kind('atm')
  if (random.chance(0.5) || !merchants.has(kind, where.country)) return
  const atm = merchantFor(mule, random, merchants, kind, where.country)
  const card = random.pick(mule.cards)
  const withdrawal = {
    type: 'withdrawal',
    amount: roundedMinorUnits(eur * 0.08, atm.country.currency, atm.country.currency.note),
    currency: atm.country.currency.code,
    outcome: 'pending',
    channel: 'atm',
    payer: card.payer,
    instrument: card.plastic,
    payee: atm.payee,
    device: { geo: outletIn(atm, where.city) },
    authentication: { method: 'pin', result: 'passed' },
  } as const
  recorder.write(startMs + random.between(300_000, 3_000_000), withdrawal, origin)
}

function appSession(scene: Scene, customer: Customer, atMs: number) {
  return {
    currency: customer.country.currency.code,
    channel: 'app',
    payer: customer.payer,
    device: deviceOf(scene, customer, atMs),
  } as const
}
