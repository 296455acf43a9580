// Card testing: a bot tries stolen cards with small authorisations at one or two shops that sell cheaply online, to find those
// that work; hours later the working ones buy something dear. In one of three runs it hammers fewer cards instead,
// guessing the expiry date or the security code: many attempts at each card within minutes.
// After the drift bots try amounts of 4-12 EUR, as fraudsters do once small ones are watched, and rest longer between them.
// Parameters: 10-26 cards with 1-2 attempts each (hammering: 2-5 cards, 6-12 attempts), 0.50-3 EUR, one attempt about every
// 9 s, 58 % declined; 1-2 bots and addresses; 1-2 purchases of about 180 EUR on two of three working cards, about 3 h later.
import {
  authorisationAt,
  type Campaign,
  fraudDevice,
  payWithStolenCard,
  type StolenCard,
  stealCards,
} from './campaign.ts'
import { weakAuthentication } from '../habits.ts'
import type { Origin } from '../recorder.ts'
import { HOUR_MS } from '../rhythm.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0.3, chargeback: 0.45, analyst: 0.05 }

export const cardTesting: Campaign = {
  name: 'card-testing',
  share: { usual: 0.3, drifted: 0.15 },
  meanPayments: 32,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random, merchants } = scene
  const hammering = random.chance(1 / 3)
  const drifted = startMs >= scene.driftFromMs
  const shops = Array.from({ length: random.whole(1, 2) }, () =>
    merchants.choose(random, merchants.kind(random.chance(0.6) ? 'digital-goods' : 'charity'), null),
  )
  const bots = Array.from({ length: random.whole(1, 2) }, () => fraudDevice(random, 0.7))
  const cards = stealCards(scene, hammering ? random.whole(2, 5) : random.whole(10, 26), startMs, KNOWN_BY)
  let atMs = startMs
  for (const stolen of cards) {
    const attempts = hammering ? random.whole(6, 12) : random.whole(1, 2)
    let worked = false
    for (let attempt = 0; attempt < attempts && !worked; attempt++) {
      atMs += drifted ? 20_000 + random.exponential(40_000) : 1_500 + random.exponential(7_500)
      const declined = hammering ? attempt < attempts - 1 || random.chance(0.5) : random.chance(0.58)
      worked = !declined
      const fields = {
        ...authorisationAt(random.pick(shops), drifted ? random.between(4, 12) : random.between(0.5, 3)),
        outcome: declined ? 'declined' : 'pending',
        channel: 'ecommerce',
        device: random.pick(bots),
        authentication: weakAuthentication(random),
      } as const
      payWithStolenCard(scene, stolen, atMs, fields, origin)
    }
    if (worked && random.chance(2 / 3)) cashIn(scene, stolen, atMs, origin)
  }
}

function cashIn(scene: Scene, stolen: StolenCard, testedAtMs: number, origin: Origin): void {
  const { random, merchants } = scene
  const device = fraudDevice(random, 0.3)
  let atMs = testedAtMs + 0.3 * HOUR_MS + random.exponential(3 * HOUR_MS)
  for (let purchases = random.whole(1, 2); purchases > 0; purchases--) {
    const kind = merchants.kind(random.pick(['electronics', 'marketplace', 'luxury', 'digital-goods']))
    const fields = {
      ...authorisationAt(merchants.choose(random, kind, null), random.logNormal(180, 0.6)),
      outcome: random.chance(0.12) ? 'declined' : 'pending',
      channel: 'ecommerce',
      device,
      authentication: weakAuthentication(random),
    } as const
    payWithStolenCard(scene, stolen, atMs, fields, origin)
    atMs += random.exponential(0.4 * HOUR_MS)
  }
}
