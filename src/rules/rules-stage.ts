// The rules stage: fills `fired` of every event of a batch. Pure.
import type { Batch, BatchEvent } from '../batch.ts'
import type { EntityType } from '../velocity/entity.ts'
import type { RuleSet } from './rule-set.ts'

/** How a payer is recognised again; the first that the event names, as for the key of its partition. */
const PAYER: readonly EntityType[] = ['account', 'card', 'customer']

export function createRulesStage(ruleSet: RuleSet): (batch: Batch) => Batch {
  return (batch) => {
    for (const event of batch.events) event.fired = ruleSet.evaluate(event, payerHash48(event))
    return batch
  }
}

/** The hash that decides about canaries; 0 when the event names no payer. */
export function payerHash48(event: Pick<BatchEvent, 'entities'>): number {
  for (const type of PAYER) {
    const entity = event.entities.find((candidate) => candidate.type === type)
    if (entity !== undefined) return entity.hash48
  }
  return 0
}
