// A history comes to the end of a topic whatever stands there that is no record: marks and records of transactions.
import { expect, it } from 'vitest'
import { textOf } from '../support/collector.ts'
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
