// Offsets that no message has: control records of transactions, aborted messages, gaps that compaction leaves.
import { afterAll, expect, it } from 'vitest'
import { collect, textOf } from '../support/collector.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const log = under.openLog()
const stops: (() => Promise<unknown>)[] = []
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
})

const committed = async (groupId: string, topic: string): Promise<string | undefined> => {
  const [offsets] = await under.admin.fetchOffsets({ groupId, topics: [topic] })
  return offsets?.partitions[0]?.offset
}

it('leaves out aborted messages and commits behind the control records of transactions', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const producer = under.kafka.producer({
    transactionalId: under.name(),
    maxInFlightRequests: 1,
    idempotent: true,
    retry: { initialRetryTime: 3, factor: 0, multiplier: 1.5, retries: 20 },
  })
  await producer.connect()
  stops.push(() => producer.disconnect())
  for (const [value, commit] of [
    ['one', true],
    ['lost', false],
    ['two', true],
    ['lost too', false],
    ['three', true],
  ] as const) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ key: 'k', value }] })
    await (commit ? transaction.commit() : transaction.abort())
  }
  const reader = await collect(log, { topics: [topic], groupId, maxBatchRecords: 2 })
  await reader.until(() => reader.records.length >= 3)
  await reader.consumer.stop()
  expect(reader.records.map(textOf)).toEqual(['one', 'two', 'three'])
  expect(reader.records.map(({ offset }) => offset)).toEqual(['0', '4', '8'])
  expect(await committed(groupId, topic)).toBe('10')
})

it('passes over the gaps that compaction leaves', async () => {
  const topic = await under.createTopic({
    partitions: 1,
    config: {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
    },
  })
  const groupId = under.name()
  for (let i = 0; i < 10; i++)
    await log.produce([{ topic, key: i === 4 ? 'kept' : 'same', value: String(i) }])
  // The cleaner works on closed segments: the next record closes the one before.
  const firstOffset = async (): Promise<string | undefined> => {
    const probe = await collect(log, { topics: [topic], groupId: under.name() })
    await probe.until(() => probe.records.some((record) => textOf(record) === '9'))
    await probe.consumer.stop()
    return probe.records[0]?.offset
  }
  while ((await firstOffset()) === '0') {
    await new Promise((resolve) => setTimeout(resolve, 200))
    await log.produce([{ topic, key: 'roll', value: 'roll' }])
  }
  const reader = await collect(log, { topics: [topic], groupId, maxBatchRecords: 1 })
  await reader.until(() => reader.records.some((record) => textOf(record) === '9'))
  await reader.consumer.stop()
  const offsets = reader.records.map(({ offset }) => Number(offset))
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
  expect(reader.records.find(({ key }) => key?.toString() === 'kept')?.offset).toBe('4')
  expect(Number(await committed(groupId, topic))).toBe((offsets.at(-1) ?? 0) + 1)
})

it('says how far a partition is behind', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  await log.produce(Array.from({ length: 25 }, (_, i) => ({ topic, key: 'k', value: String(i) })))
  const reader = await collect(log, { topics: [topic], groupId: under.name(), maxBatchRecords: 10 })
  await reader.until(() => reader.records.length >= 25)
  await reader.consumer.stop()
  expect(reader.batches.map(({ lag }) => lag)).toEqual([15, 5, 0])
})
