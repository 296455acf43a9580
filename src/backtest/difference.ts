// Where two rule sets decide differently about the same events: how often, about how much money, because of which rules.
import type { BatchEvent } from '../batch.ts'
import type { Action, FiredRule } from '../rules/rule-set.ts'
import { type ByTruth, count, nothing, stakeOf } from './tally.ts'
import type { Truth } from './truth.ts'

export interface Change {
  /** What the set that is compared with decides. */
  readonly from: Action
  readonly to: Action
  readonly volume: ByTruth
}

export interface Cause {
  readonly rule: string
  /** `acts` for a rule that acted only in the new set, `stopped acting` for one that did only in the other. */
  readonly what: 'acts' | 'stopped acting'
  readonly volume: ByTruth
}

export interface Difference {
  readonly changes: readonly Change[]
  /** Most events first. */
  readonly causes: readonly Cause[]
  /** The first events that changed, to look at with `rules explain`. */
  readonly samples: readonly {
    readonly event: string
    readonly from: Action
    readonly to: Action
    readonly truth: Truth
  }[]
}

export interface Outcome {
  readonly action: Action
  readonly fired: readonly FiredRule[]
}

export interface DifferenceTally {
  observe(event: BatchEvent, from: Outcome, to: Outcome, truth: Truth): void
  difference(): Difference
}

const SAMPLES = 20

export function createDifferenceTally(): DifferenceTally {
  const changes = new Map<string, Change>()
  const causes = new Map<string, Cause>()
  const samples: Difference['samples'][number][] = []
  return {
    observe(event, from, to, truth) {
      if (from.action === to.action) return
      const stake = stakeOf(event)
      const key = `${from.action} ${to.action}`
      const change = changes.get(key) ?? { from: from.action, to: to.action, volume: nothing() }
      changes.set(key, change)
      count(change.volume[truth], stake)
      for (const cause of causesOf(from, to)) {
        const name = `${cause.rule} ${cause.what}`
        const known = causes.get(name) ?? { ...cause, volume: nothing() }
        causes.set(name, known)
        count(known.volume[truth], stake)
      }
      if (samples.length < SAMPLES) {
        samples.push({ event: event.event.id, from: from.action, to: to.action, truth })
      }
    },
    difference: () => ({
      changes: [...changes.values()].sort((a, b) => eventsOf(b.volume) - eventsOf(a.volume)),
      causes: [...causes.values()].sort((a, b) => eventsOf(b.volume) - eventsOf(a.volume)),
      samples,
    }),
  }
}

export function eventsOf({ fraud, genuine, unknown }: ByTruth): number {
  return fraud.events + genuine.events + unknown.events
}

/** A rule that acts in both sets with another action is named on both sides. */
function causesOf(from: Outcome, to: Outcome): Pick<Cause, 'rule' | 'what'>[] {
  const without = (rules: readonly FiredRule[], other: readonly FiredRule[]) =>
    rules.filter(
      ({ id, action, acts }) => acts && !other.some((o) => o.acts && o.id === id && o.action === action),
    )
  return [
    ...without(to.fired, from.fired).map(({ id }) => ({ rule: id, what: 'acts' as const })),
    ...without(from.fired, to.fired).map(({ id }) => ({ rule: id, what: 'stopped acting' as const })),
  ]
}
