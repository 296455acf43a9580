import { expect, test } from 'vitest'
import {
  canaryPosition,
  createRuleSet,
  DEFAULT_CUSTOMER_TEXT,
  type Rule,
  type RuleDefinition,
  ruleSetHash,
} from '../../../src/rules/rule-set.ts'
import { viewOf } from '../expression/support.ts'

function rule(parts: Partial<Rule> & { id: string }): Rule {
  return {
    description: 'What it finds',
    when: 'true',
    action: 'review',
    reason: 'REASON',
    customer: DEFAULT_CUSTOMER_TEXT,
    weight: null,
    override: null,
    mode: 'live',
    percent: null,
    fires: () => true,
    tree: { source: 'true', offset: 0, joins: null, holds: () => true, parts: [], terms: [] },
    placeOf: () => 'rules.yaml:1:1',
    ...parts,
  }
}

const PAYERS = Array.from({ length: 20_000 }, (_, i) => Math.floor(((i + 1) * 0x9e3779b97f4a7) % 2 ** 48))

test('what fires comes out in the order of ids, with the text that analysts read', () => {
  const rules = createRuleSet([
    rule({ id: 'b', action: 'block', description: 'The second' }),
    rule({ id: 'c', fires: () => false }),
    rule({ id: 'a', mode: 'shadow' }),
  ])
  const said = { reason: 'REASON', customer: DEFAULT_CUSTOMER_TEXT, weight: null, override: null }
  expect(rules.evaluate(viewOf(), 1)).toEqual([
    { ...said, id: 'a', action: 'review', text: 'What it finds', mode: 'shadow', acts: false },
    { ...said, id: 'b', action: 'block', text: 'The second', mode: 'live', acts: true },
  ])
})

test('when nothing fires, nothing is allocated', () => {
  const rules = createRuleSet([rule({ id: 'a', fires: () => false })])
  expect(rules.evaluate(viewOf(), 1)).toBe(rules.evaluate(viewOf(), 2))
})

test('a canary acts for its share of payers, always the same ones', () => {
  const rules = createRuleSet([rule({ id: 'new-rule', mode: 'canary', percent: 5 })])
  const acting = PAYERS.filter((payer) => rules.evaluate(viewOf(), payer)[0]?.acts === true)
  expect(acting.length / PAYERS.length).toBeGreaterThan(0.045)
  expect(acting.length / PAYERS.length).toBeLessThan(0.055)
  expect(PAYERS.filter((payer) => rules.evaluate(viewOf(), payer)[0]?.acts === true)).toEqual(acting)
  expect(rules.evaluate(viewOf(), acting[0]!)[0]?.mode).toBe('canary')
})

test('a payer who meets a canary at 5 % still meets it at 20 %', () => {
  const at = (percent: number) => createRuleSet([rule({ id: 'new-rule', mode: 'canary', percent })])
  const [few, more] = [at(5), at(20)]
  for (const payer of PAYERS.slice(0, 2_000)) {
    if (few.evaluate(viewOf(), payer)[0]!.acts) expect(more.evaluate(viewOf(), payer)[0]!.acts).toBe(true)
  }
})

test('two canaries do not choose the same payers', () => {
  const both = PAYERS.filter(
    (payer) => canaryPosition('rule-a', payer) < 0.1 && canaryPosition('rule-b', payer) < 0.1,
  )
  expect(both.length / PAYERS.length).toBeGreaterThan(0.006)
  expect(both.length / PAYERS.length).toBeLessThan(0.014)
})

test('positions of payers are spread evenly', () => {
  const tenths = Array.from({ length: 10 }, () => 0)
  for (const payer of PAYERS) tenths[Math.floor(canaryPosition('rule-a', payer) * 10)]!++
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200)
})

test('at 100 % a canary acts for everybody who can be recognised, and for nobody else', () => {
  const rules = createRuleSet([rule({ id: 'new-rule', mode: 'canary', percent: 100 })])
  expect(PAYERS.every((payer) => rules.evaluate(viewOf(), payer)[0]!.acts)).toBe(true)
  expect(rules.evaluate(viewOf(), 0)[0]!.acts).toBe(false)
})

const DEFINITION: RuleDefinition = {
  id: 'a',
  description: 'What it finds',
  when: 'amount > 5.0',
  action: 'review',
  reason: 'REASON',
  customer: DEFAULT_CUSTOMER_TEXT,
  weight: null,
  override: null,
  mode: 'live',
  percent: null,
}

test('the hash stays as it is from release to release', () => {
  expect(ruleSetHash([DEFINITION])).toBe(
    'sha256:3cb910827196bd5c20ae1980d208cc85f739814d171b7e4c8f12b46df988d338',
  )
})

test('the hash does not depend on the order of rules, and does on everything that they say', () => {
  const other = { ...DEFINITION, id: 'b' }
  const hash = ruleSetHash([DEFINITION, other])
  expect(ruleSetHash([other, DEFINITION])).toBe(hash)
  const changes: Partial<RuleDefinition>[] = [
    { id: 'c' },
    { description: 'What it really finds' },
    { when: 'amount > 6.0' },
    { action: 'block' },
    { reason: 'OTHER' },
    { mode: 'shadow' },
    { mode: 'canary', percent: 5 },
    { weight: 10 },
    { action: null, weight: 10 },
    { action: 'allow', override: 'review' },
    { action: 'allow', override: 'block' },
    { customer: 'Please ask us.' },
  ]
  const hashes = changes.map((change) => ruleSetHash([{ ...DEFINITION, ...change }, other]))
  const thresholds = { review: 30, challenge: null, block: null }
  const judged = ruleSetHash([DEFINITION, other], { thresholds, names: [] })
  const named = ruleSetHash([DEFINITION, other], { thresholds, names: ['x', 'y'] })
  expect(new Set([hash, judged, named, ...hashes]).size).toBe(changes.length + 3)
  expect(ruleSetHash([DEFINITION, other], { thresholds, names: ['y', 'x'] })).toBe(named)
})
