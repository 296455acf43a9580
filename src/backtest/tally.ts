// Counts what a rule set did to recorded events, by what was true about them. Memory grows with rules and days, not with events.
import type { BatchEvent } from '../batch.ts'
import type { Action, FiredRule, RuleMode, RuleSet } from '../rules/rule-set.ts'
import type { Truth } from './truth.ts'

/** Events, and the money that moved or would have: minor units of the base currency. */
export interface Volume {
  events: number
  amountMinor: number
}
export type ByTruth = Readonly<Record<Truth, Volume>>

export interface RuleCounts {
  readonly id: string
  readonly reason: string
  /** Null for a rule that only adds to the sum of weights. */
  readonly action: Action | null
  readonly mode: RuleMode
  readonly fires: ByTruth
  /** Times when it acted, and was the only rule that did. */
  alone: number
}

export interface Day {
  /** `2026-01-31`, UTC. */
  readonly day: string
  readonly byAction: Record<Action, number>
  fraud: number
  stoppedFraud: number
}

export interface Hour {
  events: number
  fraud: number
  stoppedFraud: number
  stoppedGenuine: number
}

export interface SetCounts {
  readonly hash: string
  readonly byAction: Readonly<Record<Action, ByTruth>>
  readonly rules: readonly RuleCounts[]
  readonly days: readonly Day[]
  /** By hour of the day, UTC. */
  readonly hours: readonly Hour[]
}

export interface Tally {
  observe(event: BatchEvent, fired: readonly FiredRule[], action: Action, truth: Truth): void
  counts(): SetCounts
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const IS_REFUSED: ReadonlySet<string | undefined> = new Set(['declined', 'failed'])

/** `block` and `challenge` stop a payment, at least until its payer has proved to be the payer; `review` comes afterwards. */
export function stops(action: Action): boolean {
  return action === 'block' || action === 'challenge'
}

/** Money at stake: none for what was refused anyway, and none without a rate. */
export function stakeOf({ event, amountBaseMinor }: BatchEvent): number {
  return IS_REFUSED.has(event.outcome) || Number.isNaN(amountBaseMinor) ? 0 : amountBaseMinor
}

export function nothing(): ByTruth {
  const zero = (): Volume => ({ events: 0, amountMinor: 0 })
  return { fraud: zero(), genuine: zero(), unknown: zero() }
}

export function count(volume: Volume, amountMinor: number): void {
  volume.events++
  volume.amountMinor += amountMinor
}

export function createTally({ rules, hash }: RuleSet): Tally {
  const byAction = { allow: nothing(), review: nothing(), challenge: nothing(), block: nothing() }
  const byRule = new Map(
    rules.map(({ id, reason, action, mode }): [string, RuleCounts] => [
      id,
      { id, reason, action, mode, fires: nothing(), alone: 0 },
    ]),
  )
  const days = new Map<number, Day>()
  const hours = Array.from(
    { length: 24 },
    (): Hour => ({ events: 0, fraud: 0, stoppedFraud: 0, stoppedGenuine: 0 }),
  )

  function observeTime(timeMs: number, action: Action, truth: Truth): void {
    const number = Math.floor(timeMs / DAY_MS)
    let day = days.get(number)
    if (day === undefined) {
      const name = new Date(number * DAY_MS).toISOString().slice(0, 10)
      day = {
        day: name,
        byAction: { allow: 0, review: 0, challenge: 0, block: 0 },
        fraud: 0,
        stoppedFraud: 0,
      }
      days.set(number, day)
    }
    day.byAction[action]++
    const hour = hours[Math.floor(timeMs / HOUR_MS) % 24]
    if (hour !== undefined) hour.events++
    const stopped = stops(action) ? 1 : 0
    if (truth === 'fraud') {
      day.fraud++
      day.stoppedFraud += stopped
    }
    if (hour === undefined) return
    if (truth === 'fraud') {
      hour.fraud++
      hour.stoppedFraud += stopped
    } else if (truth === 'genuine') hour.stoppedGenuine += stopped
  }

  return {
    observe(event, fired, action, truth) {
      const stake = stakeOf(event)
      count(byAction[action][truth], stake)
      observeTime(event.timeMs, action, truth)
      if (fired.length === 0) return
      let acting: RuleCounts | null = null
      let actors = 0
      for (const { id, acts } of fired) {
        const rule = byRule.get(id)
        if (rule === undefined) continue
        count(rule.fires[truth], stake)
        if (!acts) continue
        acting = rule
        actors++
      }
      if (acting !== null && actors === 1) acting.alone++
    },
    counts: () => ({
      hash,
      byAction,
      rules: [...byRule.values()],
      days: [...days].sort(([a], [b]) => a - b).map(([, day]) => day),
      hours,
    }),
  }
}
