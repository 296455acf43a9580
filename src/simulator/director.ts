// Decides when which fraud campaign starts, so that fraud keeps its share of the payments and each campaign its share of the fraud.
import { accountTakeover } from './campaigns/account-takeover.ts'
import type { Campaign } from './campaigns/campaign.ts'
import { cardTesting } from './campaigns/card-testing.ts'
import { compromisedTerminal } from './campaigns/compromised-terminal.ts'
import { friendlyFraud } from './campaigns/friendly-fraud.ts'
import { lowAndSlow } from './campaigns/low-and-slow.ts'
import { merchantCollusion } from './campaigns/merchant-collusion.ts'
import { muleRing } from './campaigns/mule-ring.ts'
import { stolenCard } from './campaigns/stolen-card.ts'
import { structuring } from './campaigns/structuring.ts'
import { HOUR_MS } from './rhythm.ts'
import type { Scene } from './scene.ts'

export const CAMPAIGNS: readonly Campaign[] = [
  cardTesting,
  stolenCard,
  accountTakeover,
  muleRing,
  merchantCollusion,
  lowAndSlow,
  compromisedTerminal,
  structuring,
  friendlyFraud,
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
  let started = 0
  let phase: 'usual' | 'drifted' = 'usual'
  /** Frauds of the phase before: the new shares are of what comes from now on. */
  let before = 0

  /** The campaign that is most of a run behind its share of the fraud; chance decides what is near. */
  const choose = () => {
    const shares = campaigns.reduce((sum, { share }) => sum + share[phase], 0)
    const total = recorder.payments('fraud') - before
    const behind = ({ campaign, payments }: (typeof made)[number]): number =>
      ((campaign.share[phase] / shares) * total - payments) / campaign.meanPayments + random.uniform()
    return made
      .map((entry) => ({ entry, behind: behind(entry) }))
      .reduce((most, next) => (next.behind > most.behind ? next : most)).entry
  }

  return (nowMs) => {
    const frauds = recorder.payments('fraud')
    if (phase === 'usual' && nowMs >= scene.driftFromMs) {
      phase = 'drifted'
      before = frauds
      for (const entry of made) entry.payments = 0
    }
    if (frauds >= fraudPerGenuine * recorder.payments('genuine')) return
    const entry = choose()
    const name = `${entry.campaign.name}#${++started}`
    entry.campaign.run(scene, nowMs + random.exponential(MEAN_DELAY_MS), { truth: 'fraud', campaign: name })
    entry.payments += recorder.payments('fraud') - frauds
  }
}
