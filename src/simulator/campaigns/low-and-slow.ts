// Low and slow: one stolen card is used for a few small purchases a week, which disappear among the holder's own. Nothing
// bursts and nothing is dear; only the device and the merchants are not the holder's.
// Parameters: 5-12 purchases of about 17 EUR, 10-50 h apart, from one new device, at digital goods and marketplaces.
import { authorisationAt, type Campaign, fraudDevice, payWithStolenCard, stealCards } from './campaign.ts'
import { weakAuthentication } from '../habits.ts'
import type { Origin } from '../recorder.ts'
import { HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0, chargeback: 0.5, analyst: 0.02 }

export const lowAndSlow: Campaign = {
  name: 'low-and-slow',
  share: { usual: 0.06, drifted: 0.12 },
  meanPayments: 8.5,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, merchants } = scene
  for (const stolen of stealCards(scene, 1, startMs, KNOWN_BY)) {
    const device = fraudDevice(random, 0.1)
    let atMs = startMs
    for (let purchases = random.whole(5, 12); purchases > 0; purchases--) {
      const kind = merchants.kind(random.pick(['digital-goods', 'digital-goods', 'marketplace']))
      const fields = {
        ...authorisationAt(merchants.choose(random, kind, null), random.logNormal(17, 0.4)),
        outcome: 'pending',
        channel: 'ecommerce',
        device,
        authentication: weakAuthentication(random),
      } as const
      payWithStolenCard(scene, stolen, atMs, fields, origin)
      atMs += random.between(10, 50) * HOUR_MS
    }
  }
}
