// Decides when which fraud campaign starts, so that fraud keeps its share of the payments and each campaign its share of the fraud.
import { accountTakeover } from './campaigns/account-takeover.ts'
import type { Campaign } from './campaigns/campaign.ts'
import { cardTesting } from './campaigns/card-testing.ts'
import { lowAndSlow } from './campaigns/low-and-slow.ts'
import { merchantCollusion } from './campaigns/merchant-collusion.ts'
import { muleRing } from './campaigns/mule-ring.ts'
import { stolenCard } from './campaigns/stolen-card.ts'
import { HOUR_MS } from './rhythm.ts'
import type { Scene } from './scene.ts'

export const CAMPAIGNS: readonly Campaign[] = [
  cardTesting,
  stolenCard,
  accountTakeover,
  muleRing,
  merchantCollusion,
  lowAndSlow,
]

const MEAN_DELAY_MS = HOUR_MS / 2

/** A function to call after each genuine session: it starts a campaign when fraud is behind its share. */
export function createDirector(
  scene: Scene,
  fraudShare: number,
  campaigns: readonly Campaign[],
): (nowMs: number) => void {
  const { random, recorder } = scene
  const fraudPerGenuine = fraudShare / (1 - fraudShare)
  const made = campaigns.map((campaign) => ({ campaign, payments: 0 }))
  const shares = campaigns.reduce((sum, { share }) => sum + share, 0)
  let started = 0

  /** The campaign that is most of a run behind its share of the fraud; chance decides what is near. */
  const choose = () => {
    const total = recorder.payments('fraud')
    const behind = ({ campaign, payments }: (typeof made)[number]): number =>
      ((campaign.share / shares) * total - payments) / campaign.meanPayments + random.uniform()
    return made
      .map((entry) => ({ entry, behind: behind(entry) }))
      .reduce((most, next) => (next.behind > most.behind ? next : most)).entry
  }

  return (nowMs) => {
    const before = recorder.payments('fraud')
    if (before >= fraudPerGenuine * recorder.payments('genuine')) return
    const entry = choose()
    const name = `${entry.campaign.name}#${++started}`
    entry.campaign.run(scene, nowMs + random.exponential(MEAN_DELAY_MS), { truth: 'fraud', campaign: name })
    entry.payments += recorder.payments('fraud') - before
  }
}
