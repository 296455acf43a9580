// Merchant collusion: a small shop charges cards whose numbers it bought or kept, each once, for something never sold. The
// amounts are alike, nobody is authenticated, and the chargebacks come when the shop is gone.
// Parameters: one of the least popular merchants of its kind, 10-24 cards within 2-7 h, each 35-110 EUR within 6 % of one price.
import { authorisationAt, type Campaign, payWithStolenCard, stealCards } from './campaign.ts'
import type { Origin } from '../recorder.ts'
import { HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0.12, chargeback: 0.5, analyst: 0.05 }

export const merchantCollusion: Campaign = {
  name: 'merchant-collusion',
  share: { usual: 0.1, drifted: 0.1 },
  meanPayments: 17,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, merchants } = scene
  const shop = merchants.chooseObscure(
    random,
    merchants.kind(random.pick(['marketplace', 'electronics', 'clothing'])),
  )
  const priceEur = random.between(35, 110)
  const cards = stealCards(scene, random.whole(10, 24), startMs, KNOWN_BY)
  const meanGapMs = (random.between(2, 7) * HOUR_MS) / Math.max(1, cards.length)
  let atMs = startMs
  for (const stolen of cards) {
    const fields = {
      ...authorisationAt(shop, priceEur * random.between(0.94, 1.06)),
      outcome: random.chance(0.08) ? 'declined' : 'pending',
      channel: 'moto',
      authentication: { method: 'none' },
    } as const
    payWithStolenCard(scene, stolen, atMs, fields, origin)
    atMs += random.exponential(meanGapMs)
  }
}
