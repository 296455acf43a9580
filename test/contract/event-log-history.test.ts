// What every event log promises to those who read topics as they stood at one moment, whichever adapter is behind it.
import { describe, expect, it } from 'vitest'
import type { EventLog, LogRecord } from '../../src/log/event-log.ts'
import { textOf } from '../support/collector.ts'
import { logsUnderTest } from '../support/logs-under-test.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const EVERYTHING = Number.NEGATIVE_INFINITY

async function allOf(records: AsyncGenerator<readonly LogRecord[]>): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const some of records) all.push(...some)
  return all
}

describe.each(Object.entries(logsUnderTest))('a history of the %s log', (_name, adapter) => {
  const under = adapter()
  const log: EventLog = under.openLog()

  /** Records for two topics in turn, a second apart, each with its number as value. */
  const produce = (topics: readonly string[], from: number, to: number) =>
    log.produce(
      Array.from({ length: to - from }, (_, i) => ({
        topic: topics[(from + i) % topics.length] ?? '',
        key: `key-${(from + i) % 17}`,
        value: String(from + i),
        timestampMs: START_MS + (from + i) * 1_000,
      })),
    )

  it('hands over all partitions of all topics in the order of arrival, as often as it is read', async () => {
    const topics = [await under.createTopic(), await under.createTopic()]
    await produce(topics, 0, 900)
    const history = await log.history({ topics, sinceMs: EVERYTHING })
    expect(history.size(topics)).toBe(900)
    const numbers = Array.from({ length: 900 }, (_, i) => String(i))
    expect((await allOf(history.read(topics))).map(textOf)).toEqual(numbers)
    expect((await allOf(history.read(topics))).map(textOf)).toEqual(numbers)
  })

  it('reads one of the topics alone', async () => {
    const topics = [await under.createTopic(), await under.createTopic()]
    await produce(topics, 0, 100)
    const history = await log.history({ topics, sinceMs: EVERYTHING })
    const odd = Array.from({ length: 50 }, (_, i) => String(2 * i + 1))
    expect((await allOf(history.read(topics.slice(1)))).map(textOf)).toEqual(odd)
  })

  it('puts the topic that is named first before the other at the same millisecond', async () => {
    const [first, second] = [await under.createTopic(), await under.createTopic()]
    const at = (topic: string, value: string) => ({ topic, key: 'k', value, timestampMs: START_MS })
    await log.produce([at(second, 'later'), at(first, 'a'), at(first, 'b')])
    const history = await log.history({ topics: [first, second], sinceMs: EVERYTHING })
    expect((await allOf(history.read([first, second]))).map(textOf)).toEqual(['a', 'b', 'later'])
  })

  it('holds nothing that arrived after it was opened', async () => {
    const topics = [await under.createTopic()]
    await produce(topics, 0, 60)
    const history = await log.history({ topics, sinceMs: EVERYTHING })
    await produce(topics, 60, 90)
    expect((await allOf(history.read(topics))).length).toBe(60)
  })

  it('leaves out what arrived before the given time, whole partitions too', async () => {
    const topics = [await under.createTopic()]
    await produce(topics, 0, 100)
    const since = async (ms: number) => {
      const history = await log.history({ topics, sinceMs: START_MS + ms })
      const records = await allOf(history.read(topics))
      expect(history.size(topics)).toBe(records.length)
      return records.map(textOf)
    }
    expect(await since(40_000)).toEqual(Array.from({ length: 60 }, (_, i) => String(40 + i)))
    expect(await since(98_500)).toEqual(['99'])
    expect(await since(1_000_000)).toEqual([])
  })

  it('can be left in the middle', async () => {
    const topics = [await under.createTopic()]
    await produce(topics, 0, 1_500)
    const history = await log.history({ topics, sinceMs: EVERYTHING })
    for await (const records of history.read(topics)) {
      expect(textOf(records[0]!)).toBe('0')
      break
    }
    expect((await allOf(history.read(topics))).length).toBe(1_500)
  })
})
