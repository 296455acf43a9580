// Stolen card spree: a card is spent as fast as it lasts. Half the runs are in person, contactless or with a copied stripe, in
// half of those in another country than the holder's; the other half online from a device that the holder never used.
// After the drift nine of ten runs are online: cards can no longer be copied as they were.
// Parameters: 3-9 payments, about 14 min apart, the first about 35 EUR, each 1.2 to 2 times the one before up to about 1,500 EUR;
// the chance of a decline grows with each; after two declines in a row the thief gives up.
import { authorisationAt, type Campaign, fraudDevice, payWithStolenCard, stealCards } from './campaign.ts'
import type { Customer } from '../customers.ts'
import { weakAuthentication } from '../habits.ts'
import { otherCountry, outletIn } from '../merchants.ts'
import type { EventFields, Origin } from '../recorder.ts'
import type { Scene } from '../scene.ts'

const KNOWN_BY = { customer: 0.5, chargeback: 0.35, analyst: 0.03 }
const MAX_EUR = 1_500

export const stolenCard: Campaign = {
  name: 'stolen-card',
  share: { usual: 0.3, drifted: 0.16 },
  meanPayments: 5.5,
  run,
}

function run(scene: Scene, startMs: number, origin: Origin): void {
  const { random } = scene
  for (const stolen of stealCards(scene, 1, startMs, KNOWN_BY)) {
    const place = random.chance(startMs >= scene.driftFromMs ? 0.1 : 0.5)
      ? inPerson(scene, stolen.victim)
      : online(scene)
    let atMs = startMs
    let eur = random.logNormal(35, 0.5)
    let declines = 0
    for (let payments = random.whole(3, 9); payments > 0 && declines < 2; payments--) {
      const declined = atMs >= stolen.report.atMs || random.chance(0.05 + eur / 4_000)
      const fields = { ...place(eur), outcome: declined ? 'declined' : 'pending' } as const
      payWithStolenCard(scene, stolen, atMs, fields, origin)
      declines = declined ? declines + 1 : 0
      atMs += 90_000 + random.exponential(12 * 60_000)
      eur = Math.min(eur * random.between(1.2, 2), MAX_EUR * random.between(0.8, 1))
    }
  }
}

type Purchase = Omit<EventFields, 'payer' | 'instrument' | 'outcome'>

function inPerson(scene: Scene, victim: Customer): (eur: number) => Purchase {
  const { random, merchants } = scene
  const country = random.chance(0.5) ? otherCountry(random, victim.country) : victim.country
  // The thief stays in one city, often the holder's.
  const city = country === victim.country && random.chance(0.6) ? victim.city : random.pick(country.cities)
  return (eur: number) => {
    const kind = merchants.kind(random.pick(['grocery', 'clothing', 'electronics', 'electronics', 'luxury']))
    const merchant = merchants.choose(random, kind, country)
    const contactless = eur * merchant.country.currency.perEur < 50 && random.chance(0.8)
    return {
      ...authorisationAt(merchant, eur),
      channel: 'pos',
      device: { geo: merchant.country === country ? outletIn(merchant, city) : merchant.place },
      authentication: contactless ? { method: 'contactless', result: 'passed' } : { method: 'none' },
    }
  }
}

function online(scene: Scene): (eur: number) => Purchase {
  const { random, merchants } = scene
  const device = fraudDevice(random, 0.35)
  return (eur: number) => {
    const kind = merchants.kind(random.pick(['electronics', 'marketplace', 'luxury', 'clothing', 'crypto']))
    return {
      ...authorisationAt(merchants.choose(random, kind, null), eur),
      channel: 'ecommerce',
      device,
      authentication: weakAuthentication(random),
    }
  }
}
