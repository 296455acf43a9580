// Kafka gone for longer than the session time-out: the consumer goes on by itself when it is back, and nothing is passed over.
import { expect, it } from 'vitest'
import { collect, textOf } from '../support/collector.ts'
import { breakableNetwork } from '../support/kafka/breakable-network.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()

it('outlives an outage', async () => {
  const topic = await under.createTopic({ partitions: 2 })
  const output = await under.createTopic({ partitions: 1 })
  const network = breakableNetwork()
  const outside = under.openLog()
  const log = under.openLog(network)
  const failures: string[] = []
  const reader = await collect(log, {
    topics: [topic],
    groupId: under.name(),
    publishesTo: [output],
    maxBatchRecords: 5,
    async onBatch(batch) {
      while (!batch.isStale()) {
        try {
          await batch.publish(batch.records.map(({ key, value }) => ({ topic: output, key, value })))
          await batch.commit()
          return
        } catch (error) {
          failures.push(error instanceof Error && 'code' in error ? String(error.code) : String(error))
        }
      }
    },
  })
  const values = (from: number) =>
    Array.from({ length: 20 }, (_, i) => ({ topic, key: `k${i}`, value: String(from + i) }))
  await outside.produce(values(0))
  await reader.until(() => new Set(reader.records.map(textOf)).size >= 20)

  network.takeDown()
  await outside.produce(values(20))
  await new Promise((resolve) => setTimeout(resolve, under.settings.sessionTimeoutMs + 4_000))
  network.bringUp()
  await outside.produce(values(40))

  const published = await collect(outside, { topics: [output], groupId: under.name() })
  await published.until(() => new Set(published.records.map(textOf)).size >= 60)
  await published.consumer.stop()
  expect(failures.every((code) => code === 'LOG_UNAVAILABLE' || code === 'PARTITION_LOST')).toBe(true)
  expect(reader.consumer.isJoined()).toBe(true)
  await reader.consumer.stop()
  await reader.consumer.finished
})

it('lets a batch in hand that cannot commit go when the group must have given it away', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const network = breakableNetwork()
  const outside = under.openLog()
  const log = under.openLog(network)
  await outside.produce([{ topic, key: 'k', value: 'v' }])
  const codes = new Set<string>()
  let tries = 0
  const reader = await collect(log, {
    topics: [topic],
    groupId: under.name(),
    async onBatch(batch) {
      if (++tries > 1) return batch.commit()
      network.takeDown()
      while (!batch.isStale()) {
        const error = await batch.commit().catch((thrown: unknown) => thrown)
        if (error instanceof Error && 'code' in error) codes.add(String(error.code))
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      network.bringUp()
    },
  })
  await reader.until(() => tries > 1)
  expect([...codes]).toContain('LOG_UNAVAILABLE')
  expect(codes).not.toContain('UNEXPECTED')
  expect(reader.records.map(textOf)).toContain('v')
  await reader.consumer.stop()
})
