// The rules stage: fills `fired` of every event of a batch. Pure.
import { type Batch, type BatchEvent, JUDGED_WITH_NOTHING, type JudgedWith } from '../batch.ts'
import type { EntityType } from '../velocity/entity.ts'
import type { FiredRule, RuleSet } from './rule-set.ts'

/** How a payer is recognised again; the first that the event names, as for the key of its partition. */
const PAYER: readonly EntityType[] = ['account', 'card', 'customer']

export interface RulesStageOptions {
  readonly ruleSet: RuleSet
  /** What holds now; asked once a batch. */
  readonly judgedWith?: () => JudgedWith
}

/** Synchronous, so that no list and no demotion changes between two events of a batch. */
export function createRulesStage({
  ruleSet,
  judgedWith = () => JUDGED_WITH_NOTHING,
}: RulesStageOptions): (batch: Batch) => Batch {
  return (batch) => {
    batch.judgedWith = judgedWith()
    const { demoted } = batch.judgedWith
    for (const event of batch.events) {
      const fired = ruleSet.evaluate(event, payerHash48(event))
      event.fired = demoted.length === 0 ? fired : fired.map((rule) => demote(rule, demoted))
    }
    return batch
  }
}

/** A demoted rule is judged on, so that a person can see what it would do. */
function demote(rule: FiredRule, demoted: readonly string[]): FiredRule {
  return rule.acts && demoted.includes(rule.id)
    ? { ...rule, mode: 'shadow', acts: false, demoted: true }
    : rule
}

/** The hash that decides about canaries; 0 when the event names no payer. */
export function payerHash48(event: Pick<BatchEvent, 'entities'>): number {
  for (const type of PAYER) {
    const entity = event.entities.find((candidate) => candidate.type === type)
    if (entity !== undefined) return entity.hash48
  }
  return 0
}
