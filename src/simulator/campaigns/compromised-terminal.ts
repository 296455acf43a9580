// Compromised terminal: somebody controls a shop's terminal and charges copied cards on it, a few a day for weeks, at the shop's
// usual prices. Honest customers go on paying there. No payment stands out; the chargebacks of the shop do, weeks later.
// Parameters: one merchant that sells in person, neither the best known nor the least, 20-50 cards once each within 14-28 days,
// between 8 and 21 h local time, the kind's own prices.
import { authorisationAt, type Campaign, payWithStolenCard, stealCards } from './campaign.ts'
import type { KindName } from '../merchants.ts'
import type { Origin } from '../recorder.ts'
import { DAY_MS, HOUR_MS, localHour } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0.1, chargeback: 0.6, analyst: 0.05 }
const KINDS: readonly KindName[] = ['grocery', 'clothing', 'electronics']

export const compromisedTerminal: Campaign = {
  name: 'compromised-terminal',
  share: { usual: 0.1, drifted: 0.14 },
  meanPayments: 34,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, merchants } = scene
  const shop = merchants.chooseObscure(random, merchants.kind(random.pick(KINDS)))
  const { kind, priceLevel, country, place } = shop
  const meanGapMs = (random.between(14, 28) * DAY_MS) / 35
  let atMs = startMs
  for (let cards = random.whole(20, 50); cards > 0; cards--) {
    // The card is copied shortly before it is charged, so the holder's report is about this charge.
    for (const stolen of stealCards(scene, 1, atMs, KNOWN_BY)) {
      const fields = {
        ...authorisationAt(shop, random.logNormal(kind.medianEur * priceLevel, kind.sigma)),
        outcome: random.chance(0.05) ? 'declined' : 'pending',
        channel: 'pos',
        device: { geo: place },
        authentication: { method: 'none' },
      } as const
      payWithStolenCard(scene, stolen, atMs, fields, origin)
    }
    atMs += random.exponential(meanGapMs)
    const hour = localHour(atMs, country.utcOffsetHours)
    if (hour < 8) atMs += (8 - hour) * HOUR_MS
    else if (hour >= 21) atMs += 11 * HOUR_MS
  }
}
