// The second promise, embedded: the same input gives the same decisions to the byte, however it is cut into batches and
// whatever the cache holds.
import { describe, expect, it } from 'vitest'
import { topicNames } from '../../src/log/topics.ts'
import { encodeRecord } from '../../src/simulator/encode.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { startEmbedded } from '../support/embedded.ts'

const EVENTS = 4_000
const topics = topicNames('')
const START_MS = Date.UTC(2026, 2, 1)

/** Events and the labels on them, in the order of arrival. */
function messages() {
  const simulator = createSimulator({ seed: 21, startMs: START_MS, customers: 150, fraudShare: 0.03 })
  const records = Array.from({ length: EVENTS }, () => encodeRecord(simulator.next(), topics))
  return records.filter(({ topic }) => topic === topics.events)
}

async function decisionsWith(env: Readonly<Record<string, string>>): Promise<Map<string, string>> {
  const input = messages()
  const decisions = new Map<string, string>()
  const all = Promise.withResolvers<void>()
  const app = await startEmbedded({
    env: { PAYSENTRY_MODEL_EXPLAIN_ABOVE: '0', ...env },
    onCompleted(batch) {
      for (const { event, decision } of batch.events) decisions.set(event.id, JSON.stringify(decision))
      if (decisions.size === input.length) all.resolve()
    },
  })
  await app.log.produce(input)
  await all.promise
  await app.stop()
  return decisions
}

describe('an embedded run', () => {
  it('is the same to the byte for any batch size and cache, with every score explained', async () => {
    const plain = await decisionsWith({})
    expect(
      [...plain.values()].filter((decision) => !decision.includes('"action":"allow"')).length,
    ).toBeGreaterThan(10)
    for (const env of [
      { PAYSENTRY_BATCH_MAX_RECORDS: '1' },
      { PAYSENTRY_BATCH_MAX_RECORDS: '37', PAYSENTRY_VELOCITY_CACHE_BYTES: '1048576' },
      { PAYSENTRY_BATCH_MAX_RECORDS: '10000', PAYSENTRY_BATCH_CONCURRENT_PARTITIONS: '8' },
    ]) {
      expect(await decisionsWith(env)).toEqual(plain)
    }
  })

  it('decides a repeated event again as it did the first time', async () => {
    const first = new Map<string, string>()
    const differing: string[] = []
    const input = messages().slice(0, 1_000)
    let done = 0
    const all = Promise.withResolvers<void>()
    const app = await startEmbedded({
      onCompleted(batch) {
        for (const { event, decision } of batch.events) {
          const text = JSON.stringify(decision)
          if ((first.get(event.id) ?? text) !== text) differing.push(event.id)
          first.set(event.id, text)
          done++
        }
        if (done === 2 * input.length) all.resolve()
      },
    })
    await app.log.produce(input)
    await app.log.produce(input.toReversed())
    await all.promise
    await app.stop()
    expect(differing).toEqual([])
    expect(first.size).toBe(input.length)
  })
})
