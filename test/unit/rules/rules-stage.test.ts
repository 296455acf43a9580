import { expect, test } from 'vitest'
import type { Batch, BatchEvent } from '../../../src/batch.ts'
import { createRuleSet, type Rule } from '../../../src/rules/rule-set.ts'
import { createRulesStage, payerHash48 } from '../../../src/rules/rules-stage.ts'
import { createPseudonymiser } from '../../../src/velocity/pseudonym.ts'
import { viewOf } from '../expression/support.ts'

const pseudonymiser = createPseudonymiser('00'.repeat(16))

test('every event of the batch gets what fires for it, in place', () => {
  const rule: Rule = {
    id: 'large',
    description: 'Large',
    when: 'amount > 100.0',
    action: 'review',
    reason: 'LARGE',
    customer: 'Please ask us.',
    weight: null,
    override: null,
    mode: 'live',
    percent: null,
    fires: ({ amount }) => amount > 100,
    tree: { source: 'amount > 100.0', offset: 0, joins: null, holds: () => true, parts: [], terms: [] },
    placeOf: () => 'rules.yaml:1:1',
  }
  const events = [50, 150].map((amount) => ({ ...viewOf({ amount }), entities: [], fired: [] }))
  const batch = { events } as unknown as Batch
  expect(createRulesStage({ ruleSet: createRuleSet([rule]) })(batch)).toBe(batch)
  expect(events.map(({ fired }: Pick<BatchEvent, 'fired'>) => fired.map(({ id }) => id))).toEqual([
    [],
    ['large'],
  ])
})

test('a payer is known by account, else by card, else as a customer', () => {
  const [card, account, customer, merchant] = (['card', 'account', 'customer', 'merchant'] as const).map(
    (type) => pseudonymiser.entity(type, 'x', ''),
  )
  expect(payerHash48({ entities: [card!, account!, customer!] })).toBe(account!.hash48)
  expect(payerHash48({ entities: [card!, customer!] })).toBe(card!.hash48)
  expect(payerHash48({ entities: [customer!, merchant!] })).toBe(customer!.hash48)
  expect(payerHash48({ entities: [merchant!] })).toBe(0)
})
