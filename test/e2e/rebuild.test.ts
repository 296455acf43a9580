import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Decision } from '../../src/decision/decision.ts'
import { collect, textOf } from '../support/collector.ts'
import { freePort } from '../support/free-port.ts'
import { runPaysentry } from '../support/processor.ts'
import { spawnRedis, WITHOUT_PERSISTENCE } from '../support/redis.ts'
import { deploy } from './deployment.ts'
import { recount } from './recount.ts'
import { simulatedTraffic } from './traffic.ts'

const LOST = /^paysentry_journals_lost (\d)$/m
const EDITION = /^paysentry_journal_edition (\d+)$/m

describe('a Redis that comes back empty', async () => {
  const deployment = await deploy()
  const { topics, log } = deployment
  const dir = mkdtempSync(join(tmpdir(), 'paysentry-empty-'))
  const port = await freePort()
  let redis = await spawnRedis(port, dir, WITHOUT_PERSISTENCE)
  afterAll(async () => {
    await redis.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  const settings = { PAYSENTRY_REDIS_URL: redis.url }
  const env = { ...deployment.env, ...settings }
  const config = { ...deployment.config, redis: { ...deployment.config.redis, url: redis.url } }

  async function metric(address: string, pattern: RegExp): Promise<number> {
    const text = await (await fetch(`${address}/metrics`)).text()
    return Number(pattern.exec(text)?.[1] ?? Number.NaN)
  }

  it('is noticed, and rebuilt from the topics while a processor goes on deciding, with exact windows afterwards', async () => {
    const traffic = simulatedTraffic(5_000, topics, 1_000)
    const send = async (from: number, to: number): Promise<void> => {
      const part = traffic.messages.slice(from, to)
      for (let at = 0; at < part.length; at += 250) await log.produce(part.slice(at, at + 250))
    }
    const reader = await collect(log, {
      topics: [topics.decisions],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const decisions = () => reader.records.map((record): Decision => JSON.parse(textOf(record)))
    const first = await deployment.startProcessor('first', settings)
    await send(0, 2_000)
    await deployment.untilCommitted()
    expect(await metric(first.address, LOST)).toBe(0)
    expect(await metric(first.address, EDITION)).toBe(1)

    await redis.stop()
    redis = await spawnRedis(port, dir, WITHOUT_PERSISTENCE)
    await send(2_000, 2_500)
    await deployment.untilCommitted()
    expect(await metric(first.address, LOST)).toBe(1)
    expect(first.output()).toContain('Run \\"paysentry rebuild\\"')
    // Whoever starts only now hears of it too.
    const second = await deployment.startProcessor('second', settings)
    expect(await metric(second.address, LOST)).toBe(1)

    const plan = await runPaysentry(['rebuild', '--dry-run'], env)
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('Redis lost them') })
    const [rebuilt] = await Promise.all([runPaysentry(['rebuild'], env), send(2_500, 4_000)])
    expect(rebuilt).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Edition 2 of the journals is in force'),
    })
    await deployment.untilCommitted()
    const before = await deployment.size(topics.decisions)
    // Readiness asks Redis, so that also a processor which had nothing to decide since knows.
    for (const { address } of [first, second]) {
      await fetch(`${address}/readyz`)
      expect(await metric(address, LOST)).toBe(0)
      expect(await metric(address, EDITION)).toBe(2)
    }

    await send(4_000, traffic.messages.length)
    await deployment.untilCommitted()
    await reader.until(() => new Set(decisions().map(({ event }) => event)).size === traffic.eventIds.size)
    await reader.until(() => reader.records.length >= before)

    const made = decisions()
    const lost = made.filter(({ degraded }) => degraded.includes('journals:lost'))
    expect(lost.length).toBeGreaterThan(400)
    const wanted = await recount(config, topics, traffic.events)
    // Nothing that was decided before, while Redis was empty, or during the rebuild is missing.
    expect(wanted.unjournaled).toEqual([])
    expect(wanted.labelRecords).toBeGreaterThanOrEqual(traffic.labels)
    const sent = new Set(traffic.messages.slice(4_000).flatMap(({ value }) => idIn(value)))
    const after = made.filter(({ event }) => sent.has(event))
    expect(after.length).toBeGreaterThan(900)
    expect(after.filter(({ degraded }) => degraded.includes('journals:lost'))).toEqual([])
    const wrong = after.filter(
      (decision) => wanted.decisions.get(decision.event) !== JSON.stringify(decision),
    )
    expect(wrong.slice(0, 1)).toEqual([])

    const cleared = await runPaysentry(['rebuild', '--delete-old'], env)
    expect(cleared.stdout).toMatch(/Edition 3 of the journals is in force[\s\S]*Deleted \d{3,} journals/)
    expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0])
  })
})

/** The id of an event's message; none of a bad message or a label. */
function idIn(value: string | Buffer | null): string[] {
  const found = /^\{"id":"([^"]+)"/.exec(String(value))?.[1]
  return found === undefined ? [] : [found]
}
