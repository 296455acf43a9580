// What every event log promises about topics that a consumer does not read for a while.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { Assignment } from '../../src/log/event-log.ts'
import { type Collector, collect, textOf } from '../support/collector.ts'
import { logsUnderTest, numbered } from '../support/logs-under-test.ts'

describe.each(Object.entries(logsUnderTest))('the %s log', (_name, adapter) => {
  const under = adapter()
  const log = under.openLog()
  const consumers: Collector[] = []
  const consume = async (options: Parameters<typeof collect>[1]): Promise<Collector> => {
    const collector = await collect(log, options)
    consumers.push(collector)
    return collector
  }
  const group = () => `group-${randomBytes(6).toString('hex')}`
  const two = async () => [await under.createTopic(), await under.createTopic()] as const
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map(({ consumer }) => consumer.stop()))
  })

  it('takes no batch of a paused topic, goes on with the other, and misses nothing afterwards', async () => {
    const [urgent, other] = await two()
    const reader = await consume({ topics: [urgent, other], groupId: group() })
    const of = (topic: string) => reader.records.filter((record) => record.topic === topic)
    reader.consumer.pause(other)
    await log.produce(numbered(other, 60))
    for (let round = 1; round <= 5; round++) {
      await log.produce(numbered(urgent, 60))
      await reader.until(() => of(urgent).length >= 60 * round)
    }
    expect(of(other)).toEqual([])
    expect(reader.consumer.figures()).toMatchObject({ assignedPartitions: 6, pausedPartitions: 3 })

    reader.consumer.resume(other)
    await reader.until(() => of(other).length >= 60)
    expect(new Set(of(other).map(textOf)).size).toBe(60)
    expect(of(other)).toHaveLength(60)
    expect(reader.consumer.figures().pausedPartitions).toBe(0)
  })

  it('lets the batch in hand go on and takes no further one, also of what it had read already', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 300, 1))
    const taken: string[] = []
    const paused = Promise.withResolvers<void>()
    const resumed = Promise.withResolvers<void>()
    const reader = await consume({
      topics: [topic],
      groupId: group(),
      maxBatchRecords: 10,
      async onBatch(batch) {
        taken.push(batch.records[0]?.offset ?? '')
        if (taken.length === 3) paused.resolve()
        if (taken.length === 3) await resumed.promise
        await batch.commit()
      },
    })
    await paused.promise
    reader.consumer.pause(topic)
    resumed.resolve()
    await reader.until(() => reader.batches.length === 3)
    const marker = await under.createTopic()
    const witness = await consume({ topics: [marker], groupId: group() })
    await log.produce(numbered(marker, 1))
    await witness.until(() => witness.records.length === 1)
    expect(taken).toEqual(['0', '10', '20'])

    reader.consumer.resume(topic)
    await reader.until(() => reader.records.length >= 300)
    expect(reader.records.map(textOf)).toEqual(Array.from({ length: 300 }, (_, i) => String(i)))
  })

  it('goes on with one partition of a paused topic, when told so, until the next pause', async () => {
    const topic = await under.createTopic()
    const reader: Collector = await consume({
      topics: [topic],
      groupId: group(),
      maxBatchRecords: 5,
      async onBatch(batch) {
        reader.consumer.pause(topic)
        await batch.commit()
      },
    })
    reader.consumer.pause(topic)
    await log.produce(numbered(topic, 90))
    const partitions = () => reader.batches.map(({ partition }) => partition)
    for (const partition of [2, 0, 2, 1]) {
      const before = reader.batches.length
      reader.consumer.resume(topic, partition)
      expect(reader.consumer.figures().pausedPartitions).toBe(2)
      await reader.until(() => reader.batches.length > before)
    }
    expect(partitions()).toEqual([2, 0, 2, 1])
    const starts = reader.batches.map(({ records }) => records[0]?.offset)
    expect(starts).toEqual(['0', '0', '5', '0'])
  })

  it('keeps a topic paused through a rebalance, for whatever partitions come', async () => {
    const [urgent, other] = await two()
    const groupId = group()
    const shares: number[] = []
    const observer = {
      onAssigned: (assigned: Assignment) => void shares.push(Object.values(assigned).flat().length),
      onStoodStill: () => undefined,
    }
    const first = await consume({ topics: [urgent, other], groupId, observer })
    first.consumer.pause(other)
    const second = await consume({ topics: [urgent, other], groupId })
    second.consumer.pause(other)
    await log.produce(numbered(other, 60))
    const both = (topic: string) =>
      [...first.records, ...second.records].filter((record) => record.topic === topic)
    while (first.consumer.figures().assignedPartitions === 6) await log.produce(numbered(urgent, 3))
    await second.consumer.stop()
    while (first.consumer.figures().assignedPartitions < 6) await log.produce(numbered(urgent, 3))
    const before = both(urgent).length
    await log.produce(numbered(urgent, 60))
    await first.until(() => both(urgent).length >= before + 60)
    expect(both(other)).toEqual([])
    expect(first.consumer.figures().pausedPartitions).toBe(3)
    expect(shares[0]).toBe(6)
    expect(shares.at(-1)).toBe(6)
    expect(shares.some((share) => share < 6)).toBe(true)

    first.consumer.resume(other)
    await first.until(() => both(other).length >= 60)
    expect(both(other)).toHaveLength(60)
  })

  it('tells how many bytes are in hand, and that none are when all is done', async () => {
    const topic = await under.createTopic()
    let inHand = 0
    const reader: Collector = await consume({
      topics: [topic],
      groupId: group(),
      async onBatch(batch) {
        inHand = reader.consumer.figures().inFlightBytes
        await batch.commit()
      },
    })
    await log.produce([{ topic, key: 'k', value: 'v'.repeat(10_000) }])
    await reader.until(() => reader.records.length === 1)
    expect(inHand).toBeGreaterThanOrEqual(10_000)
    while (reader.consumer.figures().inFlightBytes > 1_000) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })
})
