// Account takeover: somebody with the customer's password, or guessing it, logs in from a new device, changes the phone number
// so that the customer hears nothing, adds a mule as payee and sends money until the account is empty.
// Parameters: 1-6 failed logins about 12 s apart, in half the runs 1-2 failed OTPs, then one of 40 mule accounts that gangs share;
// transfers of 40-75 % of what is left, 1-6 min apart, until less than 60 EUR is left or five are done; 6 % declined.
import { type Campaign, fraudDevice, reportOf } from './campaign.ts'
import { logIn, otp, payeeAdded, profileChange, transferTo } from '../banking.ts'
import { minorUnits } from '../countries.ts'
import type { Origin } from '../recorder.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0.75, chargeback: 0, analyst: 0.1 }
const LEFT_ALONE_EUR = 60

export const accountTakeover: Campaign = {
  name: 'account-takeover',
  share: { usual: 0.14, drifted: 0.24 },
  meanPayments: 3.5,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, recorder, customers } = scene
  for (const victim of customers.takeVictims(random, 1, startMs)) {
    const inApp = {
      currency: victim.country.currency.code,
      channel: random.chance(0.5) ? 'app' : 'web',
      payer: victim.payer,
      device: fraudDevice(random, 0.4),
    } as const
    let atMs = startMs
    for (let failures = random.whole(1, 6); failures > 0; failures--) {
      logIn(scene, inApp, atMs, 'failed', origin)
      atMs += 3_000 + random.exponential(9_000)
    }
    for (let failures = random.chance(0.5) ? random.whole(1, 2) : 0; failures > 0; failures--) {
      otp(scene, inApp, atMs, 'failed', origin)
      atMs += random.between(10_000, 40_000)
    }
    logIn(scene, inApp, atMs, 'approved', origin)
    atMs += random.between(20_000, 120_000)
    recorder.write(atMs, profileChange(inApp, random.pick(['phone', 'phone', 'email'])), origin)
    atMs += random.between(30_000, 600_000)
    const mule = { account: random.pick(scene.muleAccounts), country: victim.country.code }
    recorder.write(atMs, payeeAdded(inApp, mule), origin)
    const report = reportOf(random, KNOWN_BY, atMs)
    let leftEur = victim.balanceEur
    for (let transfers = 0; transfers < 5 && leftEur > LEFT_ALONE_EUR; transfers++) {
      atMs += random.between(60_000, 360_000)
      if (atMs >= report.atMs) break
      const eur = Math.min(leftEur * random.between(0.4, 0.75), 9_900)
      const declined = random.chance(0.06)
      const record = recorder.write(
        atMs,
        {
          ...inApp,
          ...transferTo(mule),
          amount: minorUnits(Math.round(eur / 10) * 10, victim.country.currency),
          outcome: declined ? 'declined' : 'pending',
        },
        origin,
      )
      if (declined) continue
      leftEur -= eur
      recorder.labelFraud(record, report)
    }
  }
}
