// A processor's view of the control topic: reads it whole before the first event is decided, then follows it. Every processor
// takes the records in the order of their offsets, so all come to the same lists, rule set and demotions.
import type { EventLog, Follower, LogRecord } from '../log/event-log.ts'
import type { ListStore } from '../rules/list-store.ts'
import { type Activations, createActivations } from './activations.ts'
import {
  type ControlChange,
  type Demotion,
  type ModelRole,
  readControl,
  type RuleBundle,
  type TrafficCounts,
} from './control-record.ts'
import { createPromotions, type Promotions } from './promotions.ts'

export interface ControlOptions {
  readonly log: Pick<EventLog, 'follow'>
  readonly topic: string
  readonly lists: ListStore
  /** Keys that activations must be signed with; not looked at when there are none. */
  readonly activationKeys: readonly string[]
  /** The same for promotions of models. */
  readonly promotionKeys: readonly string[]
  /** Told of an activation that does not count, and why; also while the topic is read whole. */
  readonly onActivationRefused: (problem: string) => void
  /** The same for promotions of models and withdrawals. */
  readonly onPromotionRefused: (problem: string, role: ModelRole) => void
  /** Told of an activation or of a bundle that came later than its activation; never before the topic was read whole. */
  readonly onRuleSet: () => void
  /** Told when a model was promoted, or a promotion withdrawn; never before the topic was read whole. */
  readonly onModel: () => void
  /** Told when a rule was demoted or lifted; never before the topic was read whole. */
  readonly onBreaker: () => void
  /** Told what a processor counted, with the time of the record. */
  readonly onTraffic: (counts: TrafficCounts, timeMs: number) => void
  /** Told that a person lifted the demotion of this rule. */
  readonly onLifted: (rule: string) => void
  /** Told of a record that cannot be read: it changes nothing. `problem` says what is wrong with it. */
  readonly onUnreadable: (problem: string, record: LogRecord) => void
}

export interface Control {
  /** Published rule sets by their hash. */
  readonly bundles: ReadonlyMap<string, RuleBundle>
  readonly promotions: Promotions
  readonly activations: Pick<Activations, 'current' | 'refused'>
  /** Demoted rules by id. */
  readonly demotions: ReadonlyMap<string, Demotion>
  /** Rejects when the topic can no longer be followed. */
  readonly finished: Promise<void>
  stop(): Promise<void>
}

/** Resolves when everything that stands in the topic has been taken over. Throws LOG_UNAVAILABLE or TOPIC_MISSING. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const bundles = new Map<string, RuleBundle>()
  const demotions = new Map<string, Demotion>()
  const activations = createActivations(options.activationKeys)
  const promotions = createPromotions(options.promotionKeys)
  let isWhole = false

  /** What a change concerns, for those who are told once a delivery is through. */
  const take = (change: ControlChange): 'ruleset' | 'model' | 'breaker' | null => {
    switch (change.kind) {
      case 'traffic':
        // What stands in a compacted topic of the time before is a part of it only: the window begins with this process.
        if (isWhole && change.counts !== null) options.onTraffic(change.counts, change.timeMs)
        return null
      case 'list': {
        const { list, holds, item, entry } = change
        if (entry === null) options.lists.remove(list, holds, item)
        else
          options.lists.put(
            list,
            holds,
            item,
            entry.expires === null ? Number.POSITIVE_INFINITY : Date.parse(entry.expires),
          )
        return null
      }
      case 'ruleset':
        setOrDelete(bundles, change.hash, change.bundle)
        return change.hash === activations.current()?.ruleSet ? 'ruleset' : null
      case 'activation': {
        const problem = activations.take(change.activation)
        if (problem === null) return 'ruleset'
        options.onActivationRefused(problem)
        return null
      }
      case 'model': {
        const problem = promotions[change.role].take(change.choice)
        if (problem === null) return 'model'
        options.onPromotionRefused(problem, change.role)
        return null
      }
      case 'breaker':
        if (change.demotion === null) options.onLifted(change.rule)
        setOrDelete(demotions, change.rule, change.demotion)
        return 'breaker'
    }
  }
  const follower: Follower = await options.log.follow({
    topic: options.topic,
    onRecords(records) {
      const concerned = new Set<ReturnType<typeof take>>()
      for (const record of records) {
        const change = readControl(record)
        if (typeof change === 'string') options.onUnreadable(change, record)
        else concerned.add(take(change))
      }
      if (!isWhole) return
      if (concerned.has('ruleset')) options.onRuleSet()
      if (concerned.has('model')) options.onModel()
      if (concerned.has('breaker')) options.onBreaker()
    },
  })
  isWhole = true
  return {
    bundles,
    demotions,
    promotions,
    activations,
    finished: follower.finished,
    stop: () => follower.stop(),
  }
}

function setOrDelete<K, T>(map: Map<K, T>, key: K, value: T | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}
