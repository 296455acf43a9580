// A batch in hand and the group: a long one keeps its membership, one that outlasts a rebalance is lost and comes again elsewhere.
import { afterAll, expect, it } from 'vitest'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { collect, textOf } from '../support/collector.ts'
import { kafkaUnderTest, SILENT } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const stops: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
})

const becomesStale = async (batch: PartitionBatch): Promise<void> => {
  while (!batch.isStale()) await new Promise((resolve) => setTimeout(resolve, 20))
}

it('keeps its partitions while a batch takes longer than the session time-out', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const log = under.openLog()
  await log.produce([{ topic, key: 'a', value: '1' }])
  const reader = await collect(log, {
    topics: [topic],
    groupId,
    async onBatch(batch) {
      await new Promise((resolve) => setTimeout(resolve, under.settings.sessionTimeoutMs + 2_000))
      expect(batch.isStale()).toBe(false)
      await batch.commit()
    },
  })
  stops.push(() => reader.consumer.stop())
  await reader.until(() => reader.records.length === 1)
  const [offsets] = await under.admin.fetchOffsets({ groupId, topics: [topic] })
  expect(offsets?.partitions[0]?.offset).toBe('1')
  await reader.consumer.stop()
  await reader.consumer.finished
})

it('makes a batch stale that a rebalance overtook, refuses its output and commit, and gives it to the group again', async () => {
  const topic = await under.createTopic({ partitions: 2 })
  const output = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const log = under.openLog()
  await log.produce(Array.from({ length: 40 }, (_, i) => ({ topic, key: `k${i}`, value: String(i) })))

  const inHand = Promise.withResolvers<PartitionBatch>()
  const refused: unknown[] = []
  let first = true
  const slow = await collect(log, {
    topics: [topic],
    groupId,
    concurrentPartitions: 1,
    async onBatch(batch) {
      if (!first) return batch.commit()
      first = false
      inHand.resolve(batch)
      await becomesStale(batch)
      await batch
        .publish([{ topic: output, key: null, value: 'late' }])
        .catch((error: unknown) => refused.push(error))
      await batch.commit().catch((error: unknown) => refused.push(error))
    },
  })
  const lost = await inHand.promise
  expect(lost.isStale()).toBe(false)
  const other = await collect(log, { topics: [topic], groupId })
  stops.push(
    () => slow.consumer.stop(),
    () => other.consumer.stop(),
  )

  // The refused batch is among what the first consumer saw; the group as a whole sees every record again after it.
  const again = () => new Set([...slow.records.slice(lost.records.length), ...other.records].map(textOf))
  await Promise.race([slow, other].map((reader) => reader.until(() => again().size >= 40)))
  expect(refused).toMatchObject([{ code: 'PARTITION_LOST' }, { code: 'PARTITION_LOST' }])
  expect(lost.isStale()).toBe(true)
  const [written] = await under.admin.fetchTopicOffsets(output)
  expect(written?.high).toBe('0')
})

it('lets a batch that ends soon after a rebalance was announced commit, so that it is not done twice', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const log = under.openLog()
  await log.produce([{ topic, key: 'a', value: '1' }])
  const begun = Promise.withResolvers<void>()
  const joining = Promise.withResolvers<void>()
  const first = await collect(log, {
    topics: [topic],
    groupId,
    async onBatch(batch) {
      begun.resolve()
      await joining.promise
      await batch.commit()
    },
  })
  await begun.promise
  const second = collect(log, { topics: [topic], groupId })
  for (;;) {
    const { groups } = await under.admin.describeGroups([groupId])
    if (groups[0]?.state === 'PreparingRebalance') break
  }
  joining.resolve()
  const other = await second
  stops.push(
    () => first.consumer.stop(),
    () => other.consumer.stop(),
  )
  await log.produce([{ topic, key: 'a', value: '2' }])
  const both = () => [...first.records, ...other.records].map(textOf)
  await Promise.race([first, other].map((reader) => reader.until(() => both().includes('2'))))
  expect(both()).toEqual(['1', '2'])
})

it('says that it stood still for longer than its session, joins again and goes on', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const warnings: string[] = []
  const log = under.openLog({ sink: { ...SILENT, warn: (_fields, message) => warnings.push(message) } })
  await log.produce([{ topic, key: 'a', value: '1' }])
  let tries = 0
  const reader = await collect(log, {
    topics: [topic],
    groupId,
    async onBatch(batch) {
      if (++tries === 1) {
        // Nothing runs in this process meanwhile, no heartbeat either.
        const never = new Int32Array(new SharedArrayBuffer(4))
        Atomics.wait(never, 0, 0, under.settings.sessionTimeoutMs + 1_500)
        await becomesStale(batch)
      }
      await batch.commit().catch(() => undefined)
    },
  })
  stops.push(() => reader.consumer.stop())
  await reader.until(() => tries > 1)
  expect(reader.consumer.isJoined()).toBe(true)
  expect(warnings.some((message) => message.startsWith('The process stood still'))).toBe(true)
  const [offsets] = await under.admin.fetchOffsets({ groupId, topics: [topic] })
  expect(offsets?.partitions[0]?.offset).toBe('1')
})
