// What every event log promises to those who read a span of a partition again, whichever adapter is behind it.
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/log/event-log.ts'
import { textOf } from '../support/collector.ts'
import { logsUnderTest } from '../support/logs-under-test.ts'

describe.each(Object.entries(logsUnderTest))('a span of the %s log', (_name, adapter) => {
  const under = adapter()
  const log = under.openLog()

  /** A topic with 50 records under one key, and the partition that they are in. */
  async function filledTopic() {
    const topic = await under.createTopic()
    await log.produce(Array.from({ length: 50 }, (_, i) => ({ topic, key: 'k', value: String(i) })))
    await log.produce(Array.from({ length: 20 }, (_, i) => ({ topic, key: `other-${i}`, value: 'other' })))
    let partition = -1
    const follower = await log.follow({
      topic,
      onRecords(records) {
        for (const record of records) if (record.key?.toString() === 'k') partition = record.partition
      },
    })
    await follower.stop()
    return { topic, partition }
  }
  const read = async (topic: string, partition: number, from: bigint, to: bigint) => {
    const records: LogRecord[] = []
    await log.readSpan({
      topic,
      partition,
      from,
      to,
      onRecords: async (more) => void records.push(...more),
    })
    return records
  }

  it('hands over the records of that partition from one offset up to another, in order, each once', async () => {
    const { topic, partition } = await filledTopic()
    const records = await read(topic, partition, 10n, 30n)
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 20 }, (_, i) => String(10 + i)))
    expect(records.map(textOf)).toEqual(Array.from({ length: 20 }, (_, i) => String(10 + i)))
    expect(new Set(records.map((record) => record.partition))).toEqual(new Set([partition]))
  })

  it('ends where the partition ends, and is empty behind it', async () => {
    const { topic, partition } = await filledTopic()
    const all = await read(topic, partition, 40n, 1_000_000n)
    expect(textOf(all[0]!)).toBe('40')
    expect(await read(topic, partition, 1_000_000n, 1_000_010n)).toEqual([])
  })

  it('waits for whoever takes the records, and throws what they throw', async () => {
    const { topic, partition } = await filledTopic()
    const onRecords = async (): Promise<void> => {
      throw new RangeError('full')
    }
    await expect(log.readSpan({ topic, partition, from: 0n, to: 10n, onRecords })).rejects.toThrow('full')
  })
})
