// Genuine traffic: what customers do of their own accord, session by session. People decline, mistype, travel, buy a new
// phone and use a VPN, so that no single oddity means fraud.
import { bankingSession } from './banking.ts'
import { roundedMinorUnits } from './countries.ts'
import { type Customer, MEAN_CUSTOMER_ACTIVITY } from './customers.ts'
import { chooseCard, merchantFor } from './habits.ts'
import { newDevice } from './identifiers.ts'
import { outletIn } from './merchants.ts'
import { GENUINE } from './recorder.ts'
import { activityAt, DAY_MS, localHour, MEAN_ACTIVITY, MEAN_SEASON, seasonAt } from './rhythm.ts'
import type { Scene } from './scene.ts'
import { buyInPerson, buyOnline, orderByPhone, paySubscription } from './shopping.ts'
import { mayTravel, type Where, whereIs } from './whereabouts.ts'

export interface GenuineTraffic {
  /** When the next customer looks up; nothing genuine happens before. */
  nextMs(): number
  /** Lets that customer act, or not, and draws the next. */
  advance(): void
}

/** Mean of sessions a customer a day; with the events that a session has on average this gives about 2.5 events. */
const SESSIONS_A_DAY = 1.95

/** Sessions as a Poisson process whose rate follows everybody's own day and week and the season (thinning, Lewis and Shedler 1979). */
export function createGenuineTraffic(scene: Scene, startMs: number): GenuineTraffic {
  const { random, customers } = scene
  const peakPerMs =
    (customers.count * SESSIONS_A_DAY) / DAY_MS / (MEAN_ACTIVITY * MEAN_SEASON * MEAN_CUSTOMER_ACTIVITY)
  const meanGapMs = 1 / peakPerMs
  let atMs = startMs + random.exponential(meanGapMs)
  return {
    nextMs: () => atMs,
    advance() {
      const customer = customers.at(random.int(customers.count))
      const wakeful = activityAt(atMs, customer.country.utcOffsetHours) * seasonAt(atMs)
      if (random.chance(wakeful * customer.activity)) session(scene, customer, atMs)
      atMs += random.exponential(meanGapMs)
    },
  }
}

function session(scene: Scene, customer: Customer, atMs: number): void {
  const { random } = scene
  mayTravel(customer, random, atMs)
  const where = whereIs(customer, atMs)
  // Who is under way does nothing that anybody sees.
  if (where === null) return
  const hour = localHour(atMs, where.country.utcOffsetHours)
  if (random.chance(0.001)) customer.devices[random.int(customer.devices.length)] = newDevice(random)
  const choice = random.uniform()
  // After the drift one of three purchases in person moves online.
  const inPerson = atMs >= scene.driftFromMs ? 0.37 : 0.55
  if (choice < inPerson && (hour >= 6 || random.chance(0.3))) buyInPerson(scene, customer, where, atMs, hour)
  else if (choice < 0.73) buyOnline(scene, customer, atMs)
  else if (choice < 0.9) bankingSession(scene, customer, atMs)
  else if (choice < 0.94) withdrawCash(scene, customer, where, atMs)
  else if (choice < 0.985) paySubscription(scene, customer, atMs)
  else orderByPhone(scene, customer, atMs)
}

function withdrawCash(scene: Scene, customer: Customer, where: Where, atMs: number): void {
  const { random, merchants } = scene
  const kind = merchants.kind('atm')
  if (!merchants.has(kind, where.country)) return
  const atm = merchantFor(customer, random, merchants, kind, where.country)
  const { currency } = atm.country
  const eur = random.logNormal(kind.medianEur * customer.spending, kind.sigma)
  const wrongPin = random.chance(0.015)
  const { payer, plastic } = chooseCard(scene, customer, atMs)
  scene.recorder.write(
    atMs,
    {
      type: 'withdrawal',
      amount: roundedMinorUnits(Math.min(eur, 1_000), currency, currency.note),
      currency: currency.code,
      outcome: wrongPin ? 'declined' : 'pending',
      channel: 'atm',
      payer,
      instrument: plastic,
      payee: atm.payee,
      device: { geo: outletIn(atm, where.city) },
      authentication: { method: 'pin', result: wrongPin ? 'failed' : 'passed' },
    },
    GENUINE,
  )
}
