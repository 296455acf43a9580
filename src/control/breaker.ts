// The breaker: finds live rules that challenge or block a larger share of all payments than they may. Every processor tells its
// counts about once a second over the control topic, and every processor adds up the same records in the same order.
//
// Time is that of the broker's timestamps on those records, not event time: the breaker guards people who are paying now, and a
// replay of old events must not be taken for an hour of traffic within a second, nor stretch a second over an hour.
import type { Batch } from '../batch.ts'
import type { Demotion, TrafficCounts } from './control-record.ts'

export interface BreakerLimits {
  /** Share of all events, 0 to 1, that one rule may challenge or block. */
  readonly share: number
  readonly windowMs: number
  /** With fewer events in the window nothing is concluded. */
  readonly leastEvents: number
}

export interface TrafficCounter {
  /** Counts the events of a committed batch, and for each rule those that it challenged or blocked. */
  add(batch: Batch): void
  /** What was counted since the last call; null when nothing was. */
  take(): TrafficCounts | null
}

/** Counts what this processor decided. */
export function createTrafficCounter(): TrafficCounter {
  let events = 0
  let acted: Record<string, number> = {}
  return {
    add(batch) {
      events += batch.events.length
      for (const { fired } of batch.events) {
        for (const { id, acts, action } of fired) {
          if (acts && (action === 'challenge' || action === 'block')) acted[id] = (acted[id] ?? 0) + 1
        }
      }
    },
    take() {
      if (events === 0) return null
      const counts = { events, acted }
      events = 0
      acted = {}
      return counts
    },
  }
}

export type Allowed = Pick<BreakerLimits, 'share' | 'leastEvents'>
export type Figures = Pick<Demotion, 'events' | 'acted' | 'share'>

export interface Breaker {
  /** Adds counts that some processor told at `timeMs` (broker's clock) and forgets what lies before the window. */
  add(counts: TrafficCounts, timeMs: number): void
  /** Rules over their share, with the figures. `allowed` says what a rule may do, null for one that is not to be judged here. */
  tripped(allowed: (rule: string) => Allowed | null): ReadonlyMap<string, Figures>
  /** Forgets what the rule did: after a person has lifted its demotion it begins anew. */
  forget(rule: string): void
}

/** The breaker over one length of time. */
export function createBreaker(windowMs: number): Breaker {
  const told: { readonly timeMs: number; readonly counts: TrafficCounts }[] = []
  const acted = new Map<string, number>()
  // A lifted rule is measured against the events since then alone.
  const since = new Map<string, number>()
  let events = 0
  let newestMs = Number.NEGATIVE_INFINITY

  const sum = ({ events: more, acted: byRule }: TrafficCounts, sign: 1 | -1): void => {
    events += sign * more
    for (const [rule, count] of Object.entries(byRule)) {
      const total = (acted.get(rule) ?? 0) + sign * count
      if (total === 0) acted.delete(rule)
      else acted.set(rule, total)
    }
  }
  const figuresOf = (rule: string): { events: number; acted: number } => {
    const fromMs = since.get(rule)
    if (fromMs === undefined) return { events, acted: acted.get(rule) ?? 0 }
    const later = told.filter(({ timeMs }) => timeMs > fromMs)
    return {
      events: later.reduce((total, { counts }) => total + counts.events, 0),
      acted: later.reduce((total, { counts }) => total + (counts.acted[rule] ?? 0), 0),
    }
  }
  return {
    add(counts, timeMs) {
      // One partition has one order, but processors' clocks stand in the timestamps: time never runs back here.
      newestMs = Math.max(newestMs, timeMs)
      told.push({ timeMs: newestMs, counts })
      sum(counts, 1)
      let gone = 0
      for (const { timeMs: at, counts: old } of told) {
        if (at > newestMs - windowMs) break
        sum(old, -1)
        gone++
      }
      told.splice(0, gone)
      for (const [rule, fromMs] of since) if (fromMs <= newestMs - windowMs) since.delete(rule)
    },
    tripped(allowed) {
      const over = new Map<string, Figures>()
      for (const rule of acted.keys()) {
        const limits = allowed(rule)
        if (limits === null || events < limits.leastEvents) continue
        const figures = figuresOf(rule)
        if (figures.events >= limits.leastEvents && figures.acted > limits.share * figures.events) {
          over.set(rule, { ...figures, share: limits.share })
        }
      }
      return over
    },
    forget(rule) {
      since.set(rule, newestMs)
    },
  }
}
