import { afterAll, describe, expect, it } from 'vitest'
import { collect, textOf } from '../support/collector.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { deploy } from './deployment.ts'
import { recount } from './recount.ts'
import { simulatedTraffic } from './traffic.ts'
import type { Decision } from '../../src/decision/decision.ts'

const UNJOURNALED = /^paysentry_unjournaled_records (\d+)$/m

describe('Redis away for a while', async () => {
  const deployment = await deploy()
  const { topics, log, config } = deployment
  const redis = new URL(config.redis.url)
  const proxy = await startTcpProxy(Number(redis.port))
  afterAll(() => proxy.cut())
  const settings = {
    PAYSENTRY_REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    PAYSENTRY_DEGRADE_JOURNALS: 'review',
    // A slow machine must not make the policy decide while Redis is there.
    PAYSENTRY_DEADLINE_MS: '2000',
  }

  const left = async (address: string): Promise<number> => {
    const text = await (await fetch(`${address}/metrics`)).text()
    return Number(UNJOURNALED.exec(text)?.[1] ?? Number.NaN)
  }

  it('lets the policy decide meanwhile, and afterwards every event is journaled once and windows are exact', async () => {
    const traffic = simulatedTraffic(6_000, topics, 10_000)
    const send = async (from: number, to: number): Promise<void> => {
      const part = traffic.messages.slice(from, to)
      for (let at = 0; at < part.length; at += 500) await log.produce(part.slice(at, at + 500))
    }
    const reader = await collect(log, {
      topics: [topics.decisions],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const decisions = () => reader.records.map((record): Decision => JSON.parse(textOf(record)))
    const sizes: number[] = []
    const first = await deployment.startProcessor('first', settings)
    await send(0, 2_000)
    await deployment.untilCommitted()
    sizes.push(await deployment.size(topics.decisions))

    await proxy.cut()
    await send(2_000, 4_000)
    await deployment.untilCommitted()
    sizes.push(await deployment.size(topics.decisions))
    expect(await left(first.address)).toBeGreaterThanOrEqual(sizes[1]! - sizes[0]!)
    // What is missing finds the next owner, through the note of the offset alone.
    await first.kill()

    const second = await deployment.startProcessor('second', settings)
    await send(4_000, 4_200)
    await deployment.untilCommitted()
    sizes.push(await deployment.size(topics.decisions))
    await proxy.mend()
    while ((await left(second.address)) > 0) await new Promise((resolve) => setTimeout(resolve, 100))
    await send(4_200, traffic.messages.length)
    await deployment.untilCommitted()
    await reader.until(() => new Set(decisions().map(({ event }) => event)).size === traffic.eventIds.size)

    const made = decisions()
    const degraded = made.filter(({ degraded }) => degraded.includes('journals'))
    expect(degraded.length).toBeGreaterThanOrEqual(sizes[2]! - sizes[0]!)
    expect(degraded.some(({ reasons }) => reasons.some(({ code }) => code === 'JOURNALS_UNAVAILABLE'))).toBe(
      true,
    )
    expect(degraded.every(({ action }) => action !== 'block')).toBe(true)
    const exact = made.filter(({ degraded }) => !degraded.some((what) => what.startsWith('journals')))
    expect(exact.length).toBeGreaterThan(3_000)
    const wanted = await recount(config, topics, traffic.events)
    expect(wanted.unjournaled).toEqual([])
    const wrong = exact.filter(
      (decision) => wanted.decisions.get(decision.event) !== JSON.stringify(decision),
    )
    expect(wrong.slice(0, 1)).toEqual([])
    expect(await second.stop()).toBe(0)
  })
})
