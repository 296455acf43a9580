import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/batch.ts'
import { createDecideStage, decide } from '../../../src/decision/decide.ts'
import { alertSchema, decisionSchema } from '../../../src/decision/decision.ts'
import { topicNames } from '../../../src/log/topics.ts'
import type { EntityRef } from '../../../src/velocity/entity.ts'
import { batchEventOf, batchOf, firedRule, recordAt } from '../../support/batches.ts'

const versions = { ruleSet: 'sha256:1', model: 'm1', rates: 'r1' }
const card: EntityRef = { type: 'card', pseudonym: 'C'.repeat(22), hash48: 1, shard: 0 }
const account: EntityRef = { type: 'account', pseudonym: 'A'.repeat(22), hash48: 2, shard: 0 }

function stageAt(nowMs: number) {
  return createDecideStage({
    topics: topicNames(''),
    versions,
    processor: 'p1',
    now: () => nowMs,
    deadLetter: ({ record, code }) => ({ topic: 'payments.dead-letters', key: record.key, value: code }),
  })
}

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
    const decision = decide(event, versions)
    expect(decision.action).toBe('block')
    expect(decision.reasons.map((reason) => reason.rule)).toEqual(['b', 'c', 'a'])
  })

  it('keeps rule order among rules of the same action', () => {
    const fired = ['a', 'b', 'c'].map((id) => firedRule(id))
    expect(decide(batchEventOf({}, { fired }), versions).reasons.map((reason) => reason.rule)).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  it('records rules in shadow without letting them act', () => {
    const decision = decide(
      batchEventOf({}, { fired: [firedRule('a', { mode: 'shadow', acts: false })] }),
      versions,
    )
    expect(decision).toMatchObject({ action: 'allow', reasons: [], shadow: [{ rule: 'a', action: 'block' }] })
  })

  it('allows an event on which nothing fired', () => {
    expect(decide(batchEventOf({}), versions)).toMatchObject({
      action: 'allow',
      reasons: [],
      score: null,
      degraded: [],
    })
  })

  it('asks for a review of an amount without a rate where the policy says so, after the reasons of rules', () => {
    const unpriced = { amountBaseMinor: Number.NaN, degraded: ['rate:XAF'] }
    const alone = decide(batchEventOf({ currency: 'XAF' }, unpriced), versions, 'review')
    expect(alone.action).toBe('review')
    expect(alone.reasons).toEqual([
      {
        code: 'RATE_MISSING',
        rule: 'money.missingRate',
        text: 'There is no exchange rate for XAF, so nothing could look at the amount',
      },
    ])
    const blocked = decide(batchEventOf({}, { ...unpriced, fired: [firedRule('a')] }), versions, 'review')
    expect(blocked.action).toBe('block')
    expect(blocked.reasons.map(({ rule }) => rule)).toEqual(['a', 'money.missingRate'])
  })

  it('asks for no review of an amount with a rate, nor where the policy leaves it unknown', () => {
    expect(decide(batchEventOf({}), versions, 'review').action).toBe('allow')
    const unpriced = batchEventOf({}, { amountBaseMinor: Number.NaN })
    expect(decide(unpriced, versions, 'unknown')).toMatchObject({ action: 'allow', reasons: [] })
  })

  it('lists what was missing in one order, whatever the order in which it was found', () => {
    expect(decide(batchEventOf({}, { degraded: ['rate:XAF', 'model'] }), versions).degraded).toEqual([
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

  it('publishes what its contracts say', () => {
    const scored = { value: 0.97, contributions: [{ feature: 'amount', value: null, usual: 3, share: 0.4 }] }
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
