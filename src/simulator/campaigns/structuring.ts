// Structuring: money of unknown origin leaves an account in sums just below a limit above which somebody would have to ask.
// The account holder takes part, with the usual device and full authentication.
// Parameters: one account, 2-3 of the 40 mule accounts as payees, 7-15 transfers of 90-99 % of a limit of 1,000, 3,000 or 10,000 EUR,
// in whole tens, 3-20 h apart.
import { type Campaign, reportOf } from './campaign.ts'
import { logIn, payeeAdded, transferTo } from '../banking.ts'
import { roundedMinorUnits } from '../countries.ts'
import { deviceOf } from '../habits.ts'
import type { Origin } from '../recorder.ts'
import { HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0, chargeback: 0, analyst: 0.5 }
const LIMITS_EUR = [1_000, 3_000, 10_000] as const

export const structuring: Campaign = {
  name: 'structuring',
  share: { usual: 0.05, drifted: 0.08 },
  meanPayments: 11,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, recorder, customers } = scene
  for (const holder of customers.takeVictims(random, 1, startMs)) {
    const { country, payer } = holder
    const limitEur = random.pick(LIMITS_EUR)
    const payees = Array.from({ length: random.whole(2, 3) }, () => ({
      account: random.pick(scene.muleAccounts),
      country: country.code,
    }))
    const added = new Set<string>()
    const report = reportOf(random, KNOWN_BY, startMs)
    let atMs = startMs
    for (let transfers = random.whole(7, 15); transfers > 0; transfers--) {
      const inApp = {
        currency: country.currency.code,
        channel: 'app',
        payer,
        device: deviceOf(scene, holder, atMs),
      } as const
      logIn(scene, inApp, atMs, 'approved', origin)
      const payee = random.pick(payees)
      if (!added.has(payee.account)) {
        recorder.write(atMs + 30_000, payeeAdded(inApp, payee), origin)
        added.add(payee.account)
      }
      const amount = roundedMinorUnits(limitEur * random.between(0.9, 0.985), country.currency, 10)
      const transfer = { ...inApp, ...transferTo(payee), amount, outcome: 'pending' } as const
      recorder.labelFraud(recorder.write(atMs + 60_000, transfer, origin), report)
      atMs += random.between(3, 20) * HOUR_MS
    }
  }
}
