import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Batch } from '../../src/batch.ts'
import { configSchema } from '../../src/config.ts'
import {
  actionWithoutJournals,
  createAvailability,
  createJournalsPolicy,
  journalsLimitMs,
  markMissing,
  scoreOrFail,
  withinDeadline,
} from '../../src/degrade.ts'
import { batchEventOf, batchOf, firedRule, recordAt } from '../support/batches.ts'

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
    await expect(withinDeadline(never, { deadlineMs: 20, now: () => 0 })(batchOf([]))).rejects.toMatchObject({
      code: 'STORE_LATE',
      message: expect.stringContaining('no answer within 12 ms'),
    })
  })

  it('hands on what the call gives or throws in time', async () => {
    const batch = batchOf([])
    const long = { deadlineMs: 10_000, now: () => 0 }
    expect(await withinDeadline(async (given) => given, long)(batch)).toBe(batch)
    const failing = withinDeadline(async () => {
      throw new RangeError('boom')
    }, long)
    await expect(failing(batch)).rejects.toThrow('boom')
  })

  it('counts from the arrival of the oldest event, and is the whole deadline in a backlog', () => {
    const limit = (...agesMs: number[]) =>
      journalsLimitMs(
        agesMs.map((ageMs) => ({ ...recordAt(0), timestampMs: 100_000 - ageMs })),
        { deadlineMs: 250, now: () => 100_000 },
      )
    expect(limit(0)).toBe(150)
    expect(limit(3, 40, 10)).toBe(110)
    expect(limit(99, 120, 200)).toBe(50)
    expect(limit(249)).toBe(50)
    // The oldest of these is late whatever happens.
    expect(limit(250)).toBe(250)
    expect(limit(4_000, 30)).toBe(250)
    // The broker's clock runs ahead.
    expect(limit(-500)).toBe(150)
  })

  it('does not call late what had arrived when a process that stood still went on', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [served] = (await once(server, 'connection')) as [Socket]
    if (client.connecting) await once(client, 'connect')
    const asks = async (given: Batch) => {
      await once(client, 'data')
      return given
    }
    const batch = batchOf([])
    const decided = withinDeadline(asks, { deadlineMs: 100, now: () => 0 })(batch)
    // The answer is on its way; nothing runs in this process until the limit is over.
    served.end('answer')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150)
    expect(await decided).toBe(batch)
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
    const watch = createAvailability({
      async ping() {
        if (++pings < 3) throw new Error('away')
      },
      everyMs: 1,
      withinMs: 10_000,
    })
    expect(watch.isAway()).toBe(false)
    await watch.back()
    watch.failed()
    watch.failed()
    expect(watch.isAway()).toBe(true)
    await watch.back()
    expect(watch.isAway()).toBe(false)
    expect(pings).toBe(3)
  })

  it('takes for away who answers too late to be of use', async () => {
    let pings = 0
    const watch = createAvailability({
      ping: () => (++pings < 3 ? new Promise(() => undefined) : Promise.resolve()),
      everyMs: 1,
      withinMs: 20,
    })
    watch.failed()
    await watch.back()
    expect(pings).toBe(3)
  })
})
