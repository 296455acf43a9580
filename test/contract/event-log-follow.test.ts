// What every event log promises to those who read a whole topic, whichever adapter is behind it.
import { describe, expect, it } from 'vitest'
import type { Follower, LogRecord } from '../../src/log/event-log.ts'
import { textOf } from '../support/collector.ts'
import { logsUnderTest, numbered } from '../support/logs-under-test.ts'

describe.each(Object.entries(logsUnderTest))('a follower of the %s log', (_name, adapter) => {
  const under = adapter()
  const log = under.openLog()

  const follow = async (topic: string) => {
    const records: LogRecord[] = []
    const waiting = new Set<() => void>()
    const follower: Follower = await log.follow({
      topic,
      onRecords(more) {
        records.push(...more)
        for (const look of waiting) look()
      },
    })
    const until = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => (records.length >= count ? resolve() : undefined)
        waiting.add(look)
        look()
      })
    return { follower, records, until }
  }
  const values = (records: readonly LogRecord[]) =>
    records.map((record) => Number(textOf(record))).sort(ascending)
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

  it('has been handed all that stood in the topic when it is there, then whatever comes, each once and in order', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 300))
    const { follower, records, until } = await follow(topic)
    expect(values(records)).toEqual(upTo(300))

    await log.produce(numbered(topic, 100).map((record, i) => ({ ...record, value: String(300 + i) })))
    await until(400)
    expect(values(records)).toEqual(upTo(400))
    for (const ofOne of Map.groupBy(records, ({ partition }) => partition).values()) {
      const offsets = ofOne.map(({ offset }) => Number(offset))
      expect(offsets).toEqual(upTo(offsets.length))
    }
    await follower.stop()
    await expect(follower.finished).resolves.toBeUndefined()
  })

  it('is there at once for a topic without records, and hands over tombstones and keys', async () => {
    const topic = await under.createTopic()
    const { follower, records, until } = await follow(topic)
    expect(records).toEqual([])
    await log.produce([{ topic, key: 'list/mules', value: null }])
    await until(1)
    expect(records.map(({ key, value }) => [key?.toString(), value])).toEqual([['list/mules', null]])
    await follower.stop()
  })

  it('shares the topic with nobody: each of two reads all of it', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 50))
    const first = await follow(topic)
    const second = await follow(topic)
    await log.produce([{ topic, key: 'k', value: '50' }])
    await Promise.all([first.until(51), second.until(51)])
    expect(values(first.records)).toEqual(upTo(51))
    expect(values(second.records)).toEqual(upTo(51))
    await Promise.all([first.follower.stop(), second.follower.stop()])
  })

  it('ends with the error when what is handed over cannot be taken', async () => {
    const topic = await under.createTopic()
    const follower = await log.follow({
      topic,
      onRecords() {
        throw new Error('not this one')
      },
    })
    await log.produce([{ topic, key: 'k', value: 'v' }])
    await expect(follower.finished).rejects.toMatchObject({ code: 'CONSUMER_STOPPED' })
    await follower.stop()
  })
})

function ascending(a: number, b: number): number {
  return a - b
}
