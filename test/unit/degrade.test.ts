import { describe, expect, it } from 'vitest'
import { configSchema } from '../../src/config.ts'
import {
  actionWithoutJournals,
  createAvailability,
  createJournalsPolicy,
  markMissing,
  scoreOrFail,
  withinDeadline,
} from '../../src/degrade.ts'
import { batchEventOf, batchOf, firedRule } from '../support/batches.ts'

const policy = configSchema.shape.degrade.parse({})

describe('the policy without journals', () => {
  it('by default has small payments reviewed, large ones challenged, and blocks none', () => {
    const actions = [1, 499.99, 500, 1_000_000, Number.NaN].map((amount) =>
      actionWithoutJournals({ amount }, policy),
    )
    expect(actions).toEqual(['review', 'review', 'challenge', 'challenge', 'challenge'])
  })

  it('goes by its thresholds', () => {
    const own = { ...policy, journals: 'allow', journalsChallengeFrom: 0, journalsBlockFrom: 100 } as const
    expect(actionWithoutJournals({ amount: 99 }, own)).toBe('allow')
    expect(actionWithoutJournals({ amount: 100 }, own)).toBe('block')
    expect(actionWithoutJournals({ amount: 1 }, { ...own, journals: 'block' })).toBe('block')
  })

  it('is a reason beside those of the rules, on payments alone', () => {
    const payment = batchEventOf({}, { fired: [firedRule('r1')] })
    const login = batchEventOf({ type: 'login' })
    createJournalsPolicy(policy)(markMissing(batchOf([payment, login]), 'journals'))
    expect(payment.fired.map(({ reason }) => reason)).toEqual(['R1', 'JOURNALS_UNAVAILABLE'])
    expect(login.fired).toEqual([])
    expect([payment.degraded, login.degraded]).toEqual([['journals'], ['journals']])
  })

  it('does not say that a login lacks a score, which it never has', () => {
    const payment = batchEventOf({})
    const login = batchEventOf({ type: 'login' })
    markMissing(batchOf([payment, login]), 'model')
    expect([payment.degraded, login.degraded]).toEqual([['model'], []])
  })
})

describe('the deadline of the journals', () => {
  it('ends a call that takes longer than its share', async () => {
    const never = () => new Promise<never>(() => undefined)
    await expect(withinDeadline(never, 20)(batchOf([]))).rejects.toMatchObject({
      code: 'STORE_LATE',
      message: expect.stringContaining('no answer within 12 ms'),
    })
  })

  it('hands on what the call gives or throws in time', async () => {
    const batch = batchOf([])
    expect(await withinDeadline(async (given) => given, 10_000)(batch)).toBe(batch)
    const failing = withinDeadline(async () => {
      throw new RangeError('boom')
    }, 10_000)
    await expect(failing(batch)).rejects.toThrow('boom')
  })
})

it('makes any failure of the model one that a policy can decide about', async () => {
  const failing = scoreOrFail(() => {
    throw new RangeError('NaN in the net')
  })
  await expect(failing(batchOf([]))).rejects.toMatchObject({ code: 'MODEL_FAILED', disposition: 'degrade' })
})

describe('the watch on what is away', () => {
  it('looks until it is back, and only after a failure', async () => {
    let pings = 0
    const watch = createAvailability(async () => {
      if (++pings < 3) throw new Error('away')
    }, 1)
    expect(watch.isAway()).toBe(false)
    await watch.back()
    watch.failed()
    watch.failed()
    expect(watch.isAway()).toBe(true)
    await watch.back()
    expect(watch.isAway()).toBe(false)
    expect(pings).toBe(3)
  })
})
