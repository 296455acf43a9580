import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
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
import { AppError } from '../../src/errors.ts'
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
    expect(limit(99, 120, 130)).toBe(50)
    expect(limit(149)).toBe(50)
    // The share of the oldest is over already.
    expect(limit(150)).toBe(250)
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
  const error = new AppError('STORE_LATE', 'no answer')
  /** A watch that is answered by `ping`, and what it said. */
  function watchOver(ping: (times: number) => Promise<void>, withinMs = 10_000) {
    const said: AppError[] = []
    let pings = 0
    const watch = createAvailability({
      ping: () => ping(++pings),
      everyMs: 1,
      withinMs,
      onAway: (failure) => said.push(failure),
    })
    return { watch, said, pings: () => pings }
  }
  const never = (): Promise<never> => new Promise(() => undefined)

  it('looks until it is back, and only after a failure', async () => {
    const { watch, said, pings } = watchOver(async (times) => {
      if (times < 3) throw new Error('away')
    })
    expect(watch.isAway()).toBe(false)
    await watch.back()
    watch.failed(error)
    watch.failed(error)
    expect(watch.isAway()).toBe(true)
    await watch.back()
    expect(watch.isAway()).toBe(false)
    expect([pings(), said]).toEqual([3, [error]])
  })

  it('takes for away who answers too late to be of use', async () => {
    const { watch, pings } = watchOver((times) => (times < 3 ? never() : Promise.resolve()), 20)
    watch.failed(error)
    await watch.back()
    expect(pings()).toBe(3)
  })

  it('does not take for away who was too slow once and answers', async () => {
    const answer = Promise.withResolvers<void>()
    const { watch, said, pings } = watchOver(() => answer.promise)
    watch.suspected(error)
    watch.suspected(error)
    expect([watch.isAway(), pings()]).toEqual([false, 1])
    answer.resolve()
    await nextTurn()
    expect([watch.isAway(), said]).toEqual([false, []])
  })

  it('takes for away who was too slow and does not answer either', async () => {
    const { watch, said } = watchOver((times) => (times === 1 ? never() : Promise.resolve()), 20)
    watch.suspected(error)
    await expect.poll(() => said).toEqual([error])
    await watch.back()
    expect(watch.isAway()).toBe(false)
  })
})
