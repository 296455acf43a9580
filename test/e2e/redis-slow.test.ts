import { afterAll, describe, expect, it } from 'vitest'
import type { Decision } from '../../src/decision/decision.ts'
import type { LogRecord } from '../../src/log/event-log.ts'
import { brokerStamps, decidedAfterMs } from '../support/broker-stamps.ts'
import { collect, textOf } from '../support/collector.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { deploy } from './deployment.ts'
import { recount } from './recount.ts'
import { simulatedTraffic } from './traffic.ts'

const UNJOURNALED = /^paysentry_unjournaled_records (\d+)$/m
const DEADLINE_MS = 250
const REDIS_DELAY_MS = 2_000
/** Events that are published together, and the pause after them: a processor is idle for most of the time. */
const LOT = 10
const PAUSE_MS = 100
/** For Kafka; what else is above the deadline is this machine, and is so for a Redis that answers. */
const SLACK_MS = 50

describe('Redis that answers after two seconds', async () => {
  const deployment = await deploy()
  const { topics, log, config } = deployment
  const proxy = await startTcpProxy(Number(new URL(config.redis.url).port))
  afterAll(() => proxy.cut())

  it('lets the policy decide within the deadline, and has every event in the journals afterwards', async () => {
    const traffic = simulatedTraffic(1_600, topics, 100_000)
    const reader = await collect(log, {
      topics: [topics.decisions],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const processor = await deployment.startProcessor('only', {
      PAYSENTRY_REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      PAYSENTRY_DEGRADE_JOURNALS: 'review',
      PAYSENTRY_DEADLINE_MS: String(DEADLINE_MS),
    })
    let next = 0
    /** Publishes the events up to there as they would come, and gives their decisions when all are made. */
    const play = async (to: number): Promise<readonly LogRecord[]> => {
      const before = reader.records.length
      for (; next < to; next += LOT) {
        await log.produce(traffic.messages.slice(next, next + LOT))
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
      await deployment.untilCommitted()
      const size = await deployment.size(topics.decisions)
      await reader.until(() => reader.records.length >= size)
      return reader.records.slice(before)
    }
    const decisionOf = (record: LogRecord): Decision => JSON.parse(textOf(record))
    const isWithout = (record: LogRecord) => decisionOf(record).degraded.includes('journals')

    // The first ones find a processor that is not warm yet.
    await play(200)
    const usual = await play(500)
    proxy.delayAnswers(REDIS_DELAY_MS)
    const slow = await play(1_000)
    proxy.delayAnswers(0)
    const left = async () =>
      Number(UNJOURNALED.exec(await (await fetch(`${processor.address}/metrics`)).text())?.[1])
    while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 100))
    await play(traffic.messages.length)

    const stamps = await brokerStamps(log, topics.events)
    const after = (records: readonly LogRecord[], share: number) =>
      records.map((record) => decidedAfterMs(record, stamps)).toSorted((a, b) => a - b)[
        Math.floor(records.length * share)
      ] ?? Number.NaN
    const figures = (records: readonly LogRecord[]) =>
      [0.5, 0.9, 0.99].map((part) => after(records, part)).join(' ')
    console.log(
      `ms to the decision, p50 p90 p99: usually ${figures(usual)}, with a slow Redis ${figures(slow)}`,
    )
    expect(slow.filter(isWithout).length).toBeGreaterThan(slow.length * 0.9)
    expect(after(slow, 0.9)).toBeLessThan(DEADLINE_MS + SLACK_MS + after(usual, 0.9))
    expect(after(slow, 0.99)).toBeLessThan(REDIS_DELAY_MS)

    const wanted = await recount(config, topics, traffic.events)
    expect(wanted.unjournaled).toEqual([])
    const exact = reader.records
      .map(decisionOf)
      .filter(({ degraded }) => !degraded.some((what) => what.startsWith('journals')))
    expect(exact.length).toBeGreaterThan(800)
    const wrong = exact.filter(
      ({ event, ...rest }) => wanted.decisions.get(event) !== JSON.stringify({ event, ...rest }),
    )
    expect(wrong.slice(0, 1)).toEqual([])
    expect(await processor.stop()).toBe(0)
  })
})
