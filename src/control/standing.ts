// What stands beside the rule set: the lists, and the rules that the breaker has put into shadow. It changes between two batches.
import type { JudgedWith } from '../batch.ts'
import type { ListStore } from '../rules/list-store.ts'
import { createTrafficCounter, type TrafficCounter } from './breaker.ts'

export interface Standing {
  readonly lists: ListStore
  /** What this processor decided, for the breaker. */
  readonly traffic: TrafficCounter
  /** What a batch that begins its rules now is judged with. */
  readonly judgedWith: () => JudgedWith
  /** Ids of the rules that are in shadow from here on. */
  demote(rules: Iterable<string>): void
}

export function createStanding(lists: ListStore): Standing {
  let demoted: readonly string[] = []
  return {
    lists,
    traffic: createTrafficCounter(),
    judgedWith: () => ({ lists: lists.version, demoted }),
    demote(rules) {
      demoted = Object.freeze([...rules].sort())
    },
  }
}
