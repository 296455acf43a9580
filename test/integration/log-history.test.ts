// A history comes to the end of a topic: behind what is no record, and over an outage.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { textOf } from '../support/collector.ts'
import { breakableNetwork } from '../support/kafka/breakable-network.ts'
import { crashCount } from '../support/kafka/crash-count.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()

it('ends behind committed transactions, and behind one that was aborted', async () => {
  const topic = await under.createTopic({ partitions: 2 })
  const producer = under.kafka.producer({
    transactionalId: under.name(),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await producer.connect()
  const send = async (partition: number, values: readonly string[], end: 'commit' | 'abort') => {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: values.map((value) => ({ partition, value })) })
    await transaction[end]()
  }
  await send(0, ['a', 'b'], 'commit')
  await send(1, ['c'], 'commit')
  await send(0, ['never', 'never'], 'abort')
  await producer.disconnect()
  const history = await under.openLog().history({ topics: [topic], sinceMs: Number.NEGATIVE_INFINITY })
  const values: string[] = []
  for await (const records of history.read([topic])) values.push(...records.map(textOf))
  expect(values).toEqual(['a', 'b', 'c'])
})

it('goes on where each partition was when Kafka is back and the group was joined anew', async () => {
  const topic = await under.createTopic({
    config: { 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' },
  })
  const padding = ' '.repeat(2_000)
  const numbers = Array.from({ length: 3_000 }, (_, i) => i)
  const startMs = Date.parse('2026-03-01T12:00:00Z')
  const records = numbers.map((i) => ({
    topic,
    key: `k${i % 40}`,
    value: `${i}${padding}`,
    timestampMs: startMs + i,
  }))
  await under.openLog().produce(records)
  const network = breakableNetwork()
  const { sink, crashes } = crashCount()
  const log = under.openLog({ ...network, sink })
  const history = await log.history({ topics: [topic], sinceMs: Number.NEGATIVE_INFINITY })
  const seen: number[] = []
  for await (const some of history.read([topic])) {
    if (seen.length === 0) {
      network.takeDown()
      // Until kafkajs gives up for the first time.
      while (crashes() === 0) await delay(50)
      network.bringUp()
    }
    seen.push(...some.map((record) => Number.parseInt(textOf(record), 10)))
  }
  expect(seen).toEqual(numbers)
})
