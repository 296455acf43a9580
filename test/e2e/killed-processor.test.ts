import { describe, expect, it } from 'vitest'
import { HEADERS } from '../../src/log/topics.ts'
import { collect, textOf } from '../support/collector.ts'
import { deploy } from './deployment.ts'
import { recount } from './recount.ts'
import { simulatedTraffic } from './traffic.ts'

describe('a processor that is killed in the middle', async () => {
  const deployment = await deploy()

  it('leaves no event without a decision, and duplicates that are the same to the byte', async () => {
    const { topics, log, config } = deployment
    const traffic = simulatedTraffic(12_000, topics, 500)
    const [victim, survivor] = await Promise.all(
      ['victim', 'survivor'].map((name) => deployment.startProcessor(name)),
    )
    const reader = await collect(log, {
      topics: [topics.decisions],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const by = (name: string) =>
      reader.records.filter(({ headers }) => String(headers[HEADERS.processor]) === name)

    for (let at = 0; at < traffic.messages.length; at += 200) {
      await log.produce(traffic.messages.slice(at, at + 200))
      if (at === 4_000) {
        await reader.until(() => by('victim').length > 0 && by('survivor').length > 0)
        await victim!.kill()
      }
    }
    await deployment.untilCommitted()
    await reader.until(
      () => new Set(reader.records.map((record) => JSON.parse(textOf(record)).event)).size >= 12_000,
    )

    const byEvent = Map.groupBy(reader.records, (record) => JSON.parse(textOf(record)).event as string)
    expect(new Set(byEvent.keys())).toEqual(traffic.eventIds)
    const wanted = await recount(config, topics, traffic.events)
    for (const [event, records] of byEvent) {
      expect(new Set(records.map(textOf))).toEqual(new Set([wanted.decisions.get(event)]))
    }
    expect(await survivor!.stop()).toBe(0)
  })
})
