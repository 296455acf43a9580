// Genuine sessions in the banking app: looking at the balance, paying somebody, changing an address.
import { minorUnits, roundedMinorUnits } from './countries.ts'
import { type Customer, newPayee, type Payee } from './customers.ts'
import { deviceOf, OTP_FAILED, OTP_PASSED } from './habits.ts'
import { type EventFields, GENUINE, type Origin } from './recorder.ts'
import type { Scene } from './scene.ts'

type InApp = Pick<EventFields, 'currency' | 'channel' | 'payer' | 'device'>

/** A login, now and then after a failed one, and in every third session a transfer. */
export function bankingSession(scene: Scene, customer: Customer, startMs: number): void {
  const { random, recorder } = scene
  const inApp: InApp = {
    currency: customer.country.currency.code,
    channel: random.chance(0.8) ? 'app' : 'web',
    payer: customer.payer,
    device: deviceOf(scene, customer, startMs),
  }
  let atMs = startMs
  for (let failures = 0; failures < 3 && random.chance(0.05); failures++) {
    logIn(scene, inApp, atMs, 'failed', GENUINE)
    atMs += random.between(6_000, 40_000)
  }
  logIn(scene, inApp, atMs, 'approved', GENUINE)
  atMs += random.between(10_000, 90_000)
  const choice = random.uniform()
  if (choice < 0.38) transferSession(scene, customer, inApp, atMs)
  else if (choice < 0.4) {
    recorder.write(atMs, profileChange(inApp, random.pick(['address', 'phone', 'email', 'limit'])), GENUINE)
  }
}

function transferSession(scene: Scene, customer: Customer, inApp: InApp, startMs: number): void {
  const { random, recorder } = scene
  let atMs = startMs
  const known = random.chance(0.88) ? customer.payees[random.zipf(customer.payees.length)] : undefined
  const payee = known ?? newPayee(random, customer.country)
  if (known === undefined) {
    if (customer.payees.length < 12) customer.payees.push(payee)
    recorder.write(atMs, payeeAdded(inApp, payee), GENUINE)
    atMs += random.between(15_000, 120_000)
  }
  if (random.chance(0.6)) {
    if (random.chance(0.04)) {
      otp(scene, inApp, atMs, 'failed', GENUINE)
      atMs += random.between(8_000, 40_000)
    }
    otp(scene, inApp, atMs, 'approved', GENUINE)
    atMs += random.between(3_000, 15_000)
  }
  const { currency } = customer.country
  const eur = random.logNormal(payee.usualEur * customer.spending, 0.45)
  const record = recorder.write(
    atMs,
    {
      ...inApp,
      ...transferTo(payee),
      amount: random.chance(0.5) ? roundedMinorUnits(eur, currency, 5) : minorUnits(eur, currency),
      outcome: random.chance(0.025) ? 'declined' : 'pending',
    },
    GENUINE,
  )
  if (random.chance(0.0015)) recorder.labelGenuine(record)
}

/** What a transfer has besides its amount and who sends it. */
export function transferTo(payee: Pick<Payee, 'account' | 'country'>) {
  return {
    type: 'transfer',
    instrument: { type: 'bank', scheme: 'sepa' },
    payee: { account: payee.account, country: payee.country },
    authentication: { method: 'sca', result: 'passed' },
  } as const
}

export function payeeAdded(inApp: InApp, payee: Pick<Payee, 'account' | 'country'>): EventFields {
  return {
    ...inApp,
    type: 'payee_added',
    amount: 0,
    outcome: 'approved',
    payee: { account: payee.account, country: payee.country },
    authentication: OTP_PASSED,
  }
}

export function profileChange(inApp: InApp, field: string): EventFields {
  return { ...inApp, type: 'profile_change', amount: 0, outcome: 'approved', attributes: { field } }
}

export function logIn(
  scene: Scene,
  inApp: InApp,
  atMs: number,
  outcome: 'approved' | 'failed',
  origin: Origin,
): void {
  const result = outcome === 'approved' ? 'passed' : 'failed'
  const authentication = { method: 'password', result } as const
  scene.recorder.write(atMs, { ...inApp, type: 'login', amount: 0, outcome, authentication }, origin)
}

export function otp(
  scene: Scene,
  inApp: InApp,
  atMs: number,
  outcome: 'approved' | 'failed',
  origin: Origin,
): void {
  const authentication = outcome === 'approved' ? OTP_PASSED : OTP_FAILED
  scene.recorder.write(atMs, { ...inApp, type: 'otp', amount: 0, outcome, authentication }, origin)
}
