// Friendly fraud: the holder buys with the own card and device and tells the bank weeks later that it was somebody else. Hardly
// anything distinguishes these payments; they show what no score finds.
// Parameters: one customer, 1-4 purchases of digital goods, electronics or at a marketplace, at 1.5 times the usual price, 4-60 h
// apart; every one is charged back, and what comes after the first complaint is declined.
import { authorisationAt, type Campaign, payWithStolenCard, stealCards } from './campaign.ts'
import { deviceOf, merchantFor, weakAuthentication } from '../habits.ts'
import type { Origin } from '../recorder.ts'
import { HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

/** A complaint is what makes it fraud. */
const KNOWN_BY = { customer: 0, chargeback: 1, analyst: 0 }

export const friendlyFraud: Campaign = {
  name: 'friendly-fraud',
  share: { usual: 0.06, drifted: 0.14 },
  meanPayments: 2.5,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, merchants } = scene
  // Nothing is stolen; the issuer believes it is, and does the same.
  for (const claimed of stealCards(scene, 1, startMs, KNOWN_BY)) {
    const { victim } = claimed
    let atMs = startMs
    for (let purchases = random.whole(1, 4); purchases > 0; purchases--) {
      const kind = merchants.kind(random.pick(['digital-goods', 'electronics', 'marketplace']))
      const merchant = merchantFor(victim, random, merchants, kind, victim.country)
      const eur = random.logNormal(1.5 * kind.medianEur * merchant.priceLevel * victim.spending, kind.sigma)
      const fields = {
        ...authorisationAt(merchant, eur),
        outcome: 'pending',
        channel: 'ecommerce',
        device: deviceOf(scene, victim, atMs),
        authentication: weakAuthentication(random),
      } as const
      payWithStolenCard(scene, claimed, atMs, fields, origin)
      atMs += random.between(4, 60) * HOUR_MS
    }
  }
}
