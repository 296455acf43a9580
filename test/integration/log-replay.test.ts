// Whole topics in one order, as far as they go at a moment: what a rebuild reads.
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/log/event-log.ts'
import { openKafkaReplay } from '../../src/log/kafka-replay.ts'
import { textOf } from '../support/collector.ts'
import { kafkaUnderTest, SILENT } from '../support/kafka/kafka-under-test.ts'

const START_MS = Date.now() - 1_000_000

describe('a replay of topics', () => {
  const under = kafkaUnderTest()
  const log = under.openLog()

  const open = (topics: readonly string[], sinceMs = Number.NEGATIVE_INFINITY) =>
    openKafkaReplay({ kafka: under.kafka, clientId: 'test', sink: SILENT }, { topics, sinceMs })

  /** One record a second, over the keys and topics in turn. */
  const produce = (topics: readonly string[], from: number, to: number) =>
    log.produce(
      Array.from({ length: to - from }, (_, i) => ({
        topic: topics[(from + i) % topics.length]!,
        key: `key-${(from + i) % 17}`,
        value: String(from + i),
        timestampMs: START_MS + (from + i) * 1_000,
      })),
    )

  const values = (records: readonly LogRecord[]) => records.map(textOf).map(Number)
  const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i)

  it('hands over all partitions of all topics in the order of time, then what came since, each record once', async () => {
    const topics = [await under.createTopic(), await under.createTopic()]
    await produce(topics, 0, 400)
    const replay = await open(topics)
    expect(await replay.left()).toBe(400)
    const seen: LogRecord[] = []
    const progress: string[] = []
    const take = async (records: readonly LogRecord[]): Promise<void> => {
      seen.push(...records)
      // What comes while it is at it belongs to the next time.
      if (seen.length === records.length) await produce(topics, 400, 410)
    }
    await replay.catchUp(take, (done, of) => progress.push(`${done}/${of}`))
    expect(values(seen)).toEqual(upTo(400))
    expect(progress.at(-1)).toBe('400/400')
    expect(await replay.left()).toBe(10)
    await replay.catchUp(take)
    expect(values(seen)).toEqual(upTo(410))
    await replay.catchUp(take)
    expect(seen).toHaveLength(410)
  })

  it('begins at a time', async () => {
    const topics = [await under.createTopic()]
    await produce(topics, 0, 60)
    const replay = await open(topics, START_MS + 40_000)
    const seen: LogRecord[] = []
    await replay.catchUp(async (records) => void seen.push(...records))
    expect(values(seen)).toEqual(upTo(60, 40))
  })

  it('comes to the end of a topic that ends with the mark of a transaction', async () => {
    const topic = await under.createTopic()
    const producer = under.kafka.producer({
      transactionalId: under.name(),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    for (const isKept of [true, false]) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ key: 'k', value: String(isKept) }] })
      await (isKept ? transaction.commit() : transaction.abort())
    }
    await producer.disconnect()
    const replay = await open([topic])
    const seen: LogRecord[] = []
    await replay.catchUp(async (records) => void seen.push(...records))
    expect(seen.map(textOf)).toEqual(['true'])
    expect(await replay.left()).toBe(0)
  })

  it('throws what its reader throws, and names a topic that does not exist', async () => {
    const topic = await under.createTopic()
    await produce([topic], 0, 5)
    const replay = await open([topic])
    const full = async (): Promise<void> => {
      throw new RangeError('full')
    }
    await expect(replay.catchUp(full)).rejects.toThrow('full')
    await expect(open([under.name()])).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
  })
})
