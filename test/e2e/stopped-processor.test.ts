import { describe, expect, it } from 'vitest'
import { HEADERS } from '../../src/log/topics.ts'
import { collect, textOf } from '../support/collector.ts'
import { deploy } from './deployment.ts'
import { simulatedTraffic } from './traffic.ts'

const EVENTS = 12_000

/** What the processor says of its readiness, asked again and again until nobody answers. */
async function readinessUntilGone(address: string): Promise<{ status: number; body: string }[]> {
  const answers: { status: number; body: string }[] = []
  for (;;) {
    const response = await fetch(`${address}/readyz`).catch(() => null)
    if (response === null) return answers
    answers.push({ status: response.status, body: await response.text() })
  }
}

describe('a processor that is told to stop under load', async () => {
  const deployment = await deploy()

  it('stops in time and leaves the next owner nothing to do again', async () => {
    const { topics, log, config } = deployment
    const traffic = simulatedTraffic(EVENTS, topics, 500)
    const [leaving, staying] = await Promise.all(
      ['leaving', 'staying'].map((name) => deployment.startProcessor(name)),
    )
    const reader = await collect(log, {
      topics: [topics.decisions],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const by = (name: string): number =>
      reader.records.filter(({ headers }) => String(headers[HEADERS.processor]) === name).length

    const publishing = (async () => {
      for (let at = 0; at < traffic.messages.length; at += 200) {
        await log.produce(traffic.messages.slice(at, at + 200))
      }
    })()
    await reader.until(() => by('leaving') > 0 && by('staying') > 0)
    const toldAtMs = performance.now()
    const stopping = leaving!.stop()
    const answers = await readinessUntilGone(leaving!.address)
    expect(await stopping).toBe(0)
    expect(performance.now() - toldAtMs).toBeLessThan(10_000)
    // Once it is not ready it is never again, and it still answers while it finishes what it has in hand.
    const firstNo = answers.findIndex(({ status }) => status === 503)
    expect(firstNo).toBeGreaterThanOrEqual(0)
    expect(answers.slice(firstNo).every(({ status }) => status === 503)).toBe(true)
    expect(answers[firstNo]?.body).toContain('the processor is being stopped')
    expect(by('leaving') + by('staying')).toBeLessThan(EVENTS)

    await publishing
    await deployment.untilCommitted()
    const eventOf = (record: (typeof reader.records)[number]) => String(JSON.parse(textOf(record)).event)
    await reader.until(() => new Set(reader.records.map(eventOf)).size >= EVENTS)
    expect(await staying!.stop()).toBe(0)
    // Not one decision stands there twice, in the mode in which a batch that is done again shows.
    expect(await deployment.size(topics.decisions)).toBe(EVENTS)
    expect(new Set(reader.records.map(eventOf))).toEqual(traffic.eventIds)
  })
})
