import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/batch.ts'
import { createDecideStage, decide } from '../../../src/decision/decide.ts'
import { alertSchema, type Decision, decisionSchema } from '../../../src/decision/decision.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { DEFAULT_CUSTOMER_TEXT, type FiredRule } from '../../../src/rules/rule-set.ts'
import type { EntityRef } from '../../../src/velocity/entity.ts'
import { batchEventOf, batchOf, firedRule, recordAt } from '../../support/batches.ts'

const versions = { ruleSet: 'sha256:1', lists: 'none', model: 'm1', rates: 'r1' }
const card: EntityRef = { type: 'card', pseudonym: 'C'.repeat(22), hash48: 1, shard: 0 }
const account: EntityRef = { type: 'account', pseudonym: 'A'.repeat(22), hash48: 2, shard: 0 }

function stageAt(nowMs: number, deadlineMs = Number.POSITIVE_INFINITY) {
  return createDecideStage({
    deadlineMs,
    topics: topicNames(''),
    versions,
    thresholds: { review: 30, challenge: 60, block: null },
    processor: 'p1',
    now: () => nowMs,
    deadLetter: ({ record, code }) => ({ topic: 'payments.dead-letters', key: record.key, value: code }),
  })
}

const sentAtMs = recordAt(0).timestampMs

const outputs = (batch: Batch) => batch.outputs.map(({ topic, value }) => ({ topic, value: String(value) }))

describe('decide', () => {
  it('takes the strictest action among the rules that act', () => {
    const event = batchEventOf(
      {},
      {
        fired: [
          firedRule('a', { action: 'review' }),
          firedRule('b'),
          firedRule('c', { action: 'challenge' }),
        ],
      },
    )
    const decision = decide(event, { versions })
    expect(decision.action).toBe('block')
    expect(decision.reasons.map((reason) => reason.rule)).toEqual(['b', 'c', 'a'])
  })

  it('keeps rule order among rules of the same action', () => {
    const fired = ['a', 'b', 'c'].map((id) => firedRule(id))
    expect(decide(batchEventOf({}, { fired }), { versions }).reasons.map((reason) => reason.rule)).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  it('records rules in shadow without letting them act', () => {
    const decision = decide(batchEventOf({}, { fired: [firedRule('a', { mode: 'shadow', acts: false })] }), {
      versions,
    })
    expect(decision).toMatchObject({ action: 'allow', reasons: [], shadow: [{ rule: 'a', action: 'block' }] })
  })

  it('names a challenger and its score, which act on nothing, and says nothing of one where there is none', () => {
    const challenged = { version: 'm2@0123456789ab', score: 0.9999 }
    const decision = decide(batchEventOf({}, { challenged }), { versions })
    expect(decision).toMatchObject({ action: 'allow', reasons: [], score: null, challenger: challenged })
    expect(decisionSchema.parse(decision)).toEqual(decision)
    const failed = decide(batchEventOf({}, { challenged: { ...challenged, score: null } }), { versions })
    expect(decisionSchema.parse(failed)).toEqual({ ...decision, challenger: { ...challenged, score: null } })
    expect(decide(batchEventOf({}), { versions })).not.toHaveProperty('challenger')
  })

  it('allows an event on which nothing fired', () => {
    expect(decide(batchEventOf({}), { versions })).toMatchObject({
      action: 'allow',
      reasons: [],
      score: null,
      degraded: [],
    })
  })

  it('asks for a review of an amount without a rate where the policy says so, after the reasons of rules', () => {
    const unpriced = { amountBaseMinor: Number.NaN, degraded: ['rate:XAF'] }
    const alone = decide(batchEventOf({ currency: 'XAF' }, unpriced), { versions, missingRate: 'review' })
    expect(alone.action).toBe('review')
    expect(alone.reasons).toEqual([
      {
        code: 'RATE_MISSING',
        rule: 'money.missingRate',
        text: 'There is no exchange rate for XAF, so nothing could look at the amount',
        customer: DEFAULT_CUSTOMER_TEXT,
      },
    ])
    const blocked = decide(batchEventOf({}, { ...unpriced, fired: [firedRule('a')] }), {
      versions,
      missingRate: 'review',
    })
    expect(blocked.action).toBe('block')
    expect(blocked.reasons.map(({ rule }) => rule)).toEqual(['a', 'money.missingRate'])
  })

  it('lets no allow rule set aside the review of an amount without a rate', () => {
    const trusted = firedRule('trusted', { action: 'allow', override: 'block' })
    const fired = [firedRule('asking'), trusted]
    const unpriced = batchEventOf({}, { amountBaseMinor: Number.NaN, fired })
    const decision = decide(unpriced, { versions, missingRate: 'review' })
    expect(decision.action).toBe('review')
    expect(decision.reasons.map(({ rule }) => rule)).toEqual(['money.missingRate', 'trusted'])
    expect(decision.overridden?.map(({ rule }) => rule)).toEqual(['asking'])
  })

  it('asks for no review of an amount with a rate, nor where the policy leaves it unknown', () => {
    expect(decide(batchEventOf({}), { versions, missingRate: 'review' }).action).toBe('allow')
    const unpriced = batchEventOf({}, { amountBaseMinor: Number.NaN })
    expect(decide(unpriced, { versions, missingRate: 'unknown' })).toMatchObject({
      action: 'allow',
      reasons: [],
    })
  })

  it('lists what was missing in one order, whatever the order in which it was found', () => {
    expect(decide(batchEventOf({}, { degraded: ['rate:XAF', 'model'] }), { versions }).degraded).toEqual([
      'model',
      'rate:XAF',
    ])
  })
})

describe('the decide stage', () => {
  it('publishes one decision an event, with what differs between runs in headers only', () => {
    const run = (nowMs: number) =>
      stageAt(nowMs)(batchOf([batchEventOf({}, { entities: [card], fired: [firedRule('a')] })]))
    const first = run(1_000)
    const second = run(2_000)
    expect(outputs(first)).toEqual(outputs(second))
    expect(first.outputs[0]?.headers).toEqual({
      'paysentry.source': 'payments.events/0/0',
      'paysentry.decided-at': '1000',
      'paysentry.processor': 'p1',
    })
  })

  it('says in a header, not in the value, by how much a decision missed its deadline', () => {
    const run = (afterMs: number) => stageAt(sentAtMs + afterMs, 250)(batchOf([batchEventOf({})]))
    const missedBy = (batch: Batch) => batch.outputs[0]?.headers?.['paysentry.deadline-missed-by']
    expect([run(20), run(250), run(251), run(3_250)].map(missedBy)).toEqual([
      undefined,
      undefined,
      '1',
      '3000',
    ])
    expect(outputs(run(20))).toEqual(outputs(run(3_250)))
  })

  it('publishes what its contracts say', () => {
    const scored = {
      value: 0.97,
      contributions: [{ feature: 'amount', value: null, usual: 3, usualOf: 'training', share: 0.4 }],
    } as const
    const event = batchEventOf(
      { tenant: 't1' },
      { entities: [account, card], fired: [firedRule('a')], scored },
    )
    const [decision, alert] = outputs(stageAt(0)(batchOf([event])))
    expect(decisionSchema.parse(JSON.parse(decision?.value ?? ''))).toEqual(JSON.parse(decision?.value ?? ''))
    expect(alertSchema.parse(JSON.parse(alert?.value ?? ''))).toEqual(JSON.parse(alert?.value ?? ''))
  })

  it('alerts about the narrowest entity, under its pseudonym', () => {
    const batch = stageAt(0)(
      batchOf([batchEventOf({}, { entities: [account, card], fired: [firedRule('a')] })]),
    )
    const alert = batch.outputs.find((output) => output.topic === 'payments.alerts')
    expect(alert?.key).toBe(`card:${card.pseudonym}`)
    expect(JSON.parse(String(alert?.value))).toMatchObject({
      id: 'e1:card',
      entity: { type: 'card' },
      action: 'block',
    })
  })

  it('raises no alert for an event that is allowed', () => {
    const batch = stageAt(0)(batchOf([batchEventOf({}, { entities: [card] })]))
    expect(outputs(batch).map(({ topic }) => topic)).toEqual(['payments.decisions'])
  })

  it('publishes rejected messages as dead letters beside the decisions of the others', () => {
    const rejected = { record: recordAt(1), code: 'MESSAGE_EMPTY', stage: 'decode', message: '' } as const
    const batch = stageAt(0)(batchOf([batchEventOf({})], { rejected: [rejected] }))
    expect(outputs(batch).map(({ topic }) => topic)).toEqual(['payments.decisions', 'payments.dead-letters'])
  })
})

describe('the outcome', () => {
  const thresholds = { review: 30, challenge: 60, block: 90 }
  const decided = (...fired: FiredRule[]) => decide(batchEventOf({}, { fired }), { versions, thresholds })
  const weighted = (id: string, weight: number, slots: Partial<FiredRule> = {}) =>
    firedRule(id, { action: null, weight, ...slots })
  const allow = (id: string, override: 'review' | 'challenge' | 'block') =>
    firedRule(id, { action: 'allow', override })
  const rulesOf = (reasons: Decision['reasons'] | undefined) => reasons?.map(({ rule }) => rule)

  it.each([
    [[10, 19], 'allow'],
    [[10, 20], 'review'],
    [[30, 30], 'challenge'],
    [[60, 60, -20], 'block'],
    [[60, 60, -100], 'allow'],
  ] as const)('weights of %j come to %s', (weights, action) => {
    const decision = decided(...weights.map((weight, i) => weighted(`r${i}`, weight)))
    const sum = weights.reduce((total: number, weight) => total + weight, 0)
    expect(decision.action).toBe(action)
    expect(decision.points).toEqual({
      sum,
      action,
      rules: weights.map((weight, i) => ({ rule: `r${i}`, weight })),
    })
    const adding = weights.flatMap((weight, i) => (weight > 0 ? [`r${i}`] : []))
    expect(rulesOf(decision.reasons)).toEqual(action === 'allow' ? [] : adding)
  })

  it('takes the stricter of what the sum and what a rule asks for', () => {
    const decision = decided(weighted('a', 70), firedRule('b', { action: 'review' }))
    expect(decision.action).toBe('challenge')
    expect(rulesOf(decision.reasons)).toEqual(['a', 'b'])
    expect(decided(weighted('a', 30), firedRule('b')).action).toBe('block')
  })

  it('counts the weight of a rule that asks for an action as well', () => {
    const decision = decided(weighted('a', 50, { action: 'review' }), weighted('b', 40))
    expect(decision).toMatchObject({ action: 'block', points: { sum: 90 } })
  })

  it('leaves the weight of a rule in shadow out of the sum, and says it', () => {
    const decision = decided(weighted('a', 50, { mode: 'shadow', acts: false }))
    expect(decision.points).toBeUndefined()
    expect(decision.shadow).toEqual([{ rule: 'a', action: null, weight: 50 }])
  })

  const ACTIONS_ASKED = ['review', 'challenge', 'block'] as const
  const pairs = ACTIONS_ASKED.flatMap((asked) => ACTIONS_ASKED.map((override) => [asked, override] as const))
  it.each(pairs)('%s meets an allow rule that overrides up to %s', (asked, override) => {
    const decision = decided(firedRule('asking', { action: asked }), allow('trusted', override))
    const wins = ACTIONS_ASKED.indexOf(override) >= ACTIONS_ASKED.indexOf(asked)
    expect(decision.action).toBe(wins ? 'allow' : asked)
    expect(rulesOf(decision.reasons)).toEqual([wins ? 'trusted' : 'asking'])
    expect(rulesOf(decision.overridden)).toEqual(wins ? ['asking'] : undefined)
  })

  it('sets nothing aside when one rule is too strict for the allow rule', () => {
    const decision = decided(firedRule('a', { action: 'review' }), firedRule('b'), allow('c', 'challenge'))
    expect(decision.action).toBe('block')
    expect(rulesOf(decision.reasons)).toEqual(['b', 'a'])
    expect(decision.overridden).toBeUndefined()
  })

  it('sets aside what the sum asks for, too', () => {
    const decision = decided(weighted('a', 70), allow('trusted', 'challenge'))
    expect(decision).toMatchObject({ action: 'allow', points: { sum: 70, action: 'challenge' } })
    expect(rulesOf(decision.overridden)).toEqual(['a'])
  })

  it('ignores an allow rule that does not act', () => {
    const silent = { ...allow('trusted', 'block'), mode: 'shadow', acts: false } as const
    const decision = decided(firedRule('a'), silent)
    expect(decision.action).toBe('block')
    expect(decision.shadow).toEqual([{ rule: 'trusted', action: 'allow', override: 'block' }])
  })

  it('follows the contract, whatever it says', () => {
    for (const decision of [
      decided(weighted('a', 70), allow('trusted', 'challenge')),
      decided(weighted('a', 5, { acts: false }), firedRule('b')),
    ]) {
      expect(decisionSchema.parse(JSON.parse(JSON.stringify(decision)))).toEqual(decision)
    }
  })
})
