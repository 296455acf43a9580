// Exactly once: what a transaction that does not come to its end leaves for a read-committed reader, and who may write.
import { afterAll, expect, it } from 'vitest'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { collect, textOf } from '../support/collector.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest('exactly-once')
const stops: (() => Promise<void>)[] = []
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
})

const copies = (batch: PartitionBatch, output: string, by: string) =>
  batch.records.map((record) => ({ topic: output, key: null, value: `${textOf(record)} by ${by}` }))
const numbers = (topic: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ topic, key: 'k', value: String(i) }))

it('shows a reader nothing of a batch that was published and not committed', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const output = await under.createTopic({ partitions: 1 })
  const log = under.openLog()
  await log.produce(numbers(topic, 30))
  let tries = 0
  const reader = await collect(log, {
    topics: [topic],
    groupId: under.name(),
    maxBatchRecords: 10,
    async onBatch(batch) {
      tries++
      await batch.publish(copies(batch, output, `try ${tries}`))
      if (tries !== 2) await batch.commit()
    },
  })
  stops.push(() => reader.consumer.stop())
  const seen = await collect(log, { topics: [output], groupId: under.name() })
  stops.push(() => seen.consumer.stop())
  await seen.until(() => seen.records.length >= 30)
  expect(tries).toBe(4)
  const tryOf = (i: number) => (i < 10 ? 1 : i < 20 ? 3 : 4)
  expect(seen.records.map(textOf)).toEqual(Array.from({ length: 30 }, (_, i) => `${i} by try ${tryOf(i)}`))
})

it('gives up what was published before a note is left, so that the note does not make it visible', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const output = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const log = under.openLog()
  await log.produce(numbers(topic, 20))
  const notes: string[] = []
  const reader = await collect(log, {
    topics: [topic],
    groupId,
    maxBatchRecords: 10,
    async onBatch(batch) {
      notes.push(batch.note)
      await batch.publish(copies(batch, output, `try ${notes.length}`))
      if (notes.length === 1) return batch.commitNote('failed once')
      if (notes.length === 2) {
        // In one and the same try too: what is published after the note counts, what was before does not.
        await batch.commitNote('failed twice')
        await batch.publish(copies(batch, output, 'try 2, again'))
      }
      await batch.commit(`behind try ${notes.length}`)
    },
  })
  stops.push(() => reader.consumer.stop())
  const seen = await collect(log, { topics: [output], groupId: under.name() })
  stops.push(() => seen.consumer.stop())
  await seen.until(() => seen.records.length >= 20)
  const tryOf = (i: number) => (i < 10 ? 'try 2, again' : 'try 3')
  expect(seen.records.map(textOf)).toEqual(Array.from({ length: 20 }, (_, i) => `${i} by ${tryOf(i)}`))
  expect(notes).toEqual(['', 'failed once', 'behind try 2'])
})

it('refuses to move the offset past outputs that were lost with a broken transaction', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const output = await under.createTopic({ partitions: 1 })
  const log = under.openLog()
  await log.produce(numbers(topic, 5))
  const groupId = under.name()
  const errors: unknown[] = []
  let tries = 0
  const reader = await collect(log, {
    topics: [topic],
    groupId,
    async onBatch(batch) {
      tries++
      await batch.publish(copies(batch, output, `try ${tries}`))
      if (tries === 1) {
        // Another producer takes the transactional id up, as the next owner of the partition does.
        const other = under.kafka.producer({
          transactionalId: `${groupId}-${topic}-0`,
          maxInFlightRequests: 1,
        })
        await other.connect()
        await (await other.transaction()).abort()
        await other.disconnect()
        await batch.commit().catch((error: unknown) => errors.push(error))
        await batch.commit().catch((error: unknown) => errors.push(error))
        return
      }
      await batch.commit()
    },
  })
  stops.push(() => reader.consumer.stop())
  const seen = await collect(log, { topics: [output], groupId: under.name() })
  stops.push(() => seen.consumer.stop())
  await seen.until(() => seen.records.length >= 5)
  expect(errors).toMatchObject([{ code: 'PARTITION_LOST' }, { code: 'LOG_UNAVAILABLE' }])
  expect(seen.records.map(textOf)).toEqual(Array.from({ length: 5 }, (_, i) => `${i} by try 2`))
})

it('shows each record once when a rebalance overtakes a batch that was published', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const output = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const log = under.openLog()
  await log.produce(numbers(topic, 20))
  const inHand = Promise.withResolvers<void>()
  const refusals: unknown[] = []
  let first = true
  const slow = await collect(log, {
    topics: [topic],
    groupId,
    maxBatchRecords: 10,
    async onBatch(batch) {
      const overtaken = first
      first = false
      await batch.publish(copies(batch, output, 'slow'))
      if (overtaken) {
        inHand.resolve()
        while (!batch.isStale()) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await batch.commit().catch((error: unknown) => refusals.push(error))
    },
  })
  stops.push(() => slow.consumer.stop())
  await inHand.promise
  const fast = await collect(under.openLog(), {
    topics: [topic],
    groupId,
    maxBatchRecords: 10,
    async onBatch(batch) {
      await batch.publish(copies(batch, output, 'fast'))
      await batch.commit()
    },
  })
  stops.push(() => fast.consumer.stop())
  const seen = await collect(log, { topics: [output], groupId: under.name() })
  stops.push(() => seen.consumer.stop())
  await seen.until(() => seen.records.length >= 20)
  expect(refusals).toMatchObject([{ code: 'PARTITION_LOST' }])
  expect(seen.records.map((record) => textOf(record).split(' ')[0])).toEqual(
    Array.from({ length: 20 }, (_, i) => String(i)),
  )
})
