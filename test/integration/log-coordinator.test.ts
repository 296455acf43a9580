// The connection breaks whenever it is asked who coordinates a group. kafkajs takes that for the end of its consumer; it is none.
import { expect, it } from 'vitest'
import { requestType } from '../faults/kafka-frames.ts'
import { collect, textOf } from '../support/collector.ts'
import { type BreakableNetwork, breakableNetwork } from '../support/kafka/breakable-network.ts'
import { crashCount } from '../support/kafka/crash-count.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const FIND_COORDINATOR = 10
const RECORDS = ['0', '1', '2']

interface Outage {
  readonly network: BreakableNetwork
  /** Breaks all connections at the next `times` questions. */
  arm(times: number): void
  /** How many are still to come. */
  left(): number
}

function coordinatorOutage(): Outage {
  let left = 0
  const network = breakableNetwork((request) => {
    if (left === 0 || requestType(request) !== FIND_COORDINATOR) return
    left--
    network.takeDown()
    network.bringUp()
  })
  return {
    network,
    arm: (times) => {
      left = times
    },
    left: () => left,
  }
}

async function topicWithRecords(): Promise<string> {
  const topic = await under.createTopic({ partitions: 1 })
  await under.openLog().produce(RECORDS.map((value) => ({ topic, key: 'k', value })))
  return topic
}

it('lets a consumer join all the same, and join again', async () => {
  const topic = await topicWithRecords()
  const outage = coordinatorOutage()
  const groupId = under.name()
  const log = under.openLog(outage.network)
  outage.arm(2)
  const reader = await collect(log, { topics: [topic], groupId })
  expect(outage.left()).toBe(0)
  await reader.until(() => reader.records.length === RECORDS.length)

  outage.arm(3)
  // One more member, so that the first has to join again.
  const other = await collect(under.openLog(), { topics: [topic], groupId })
  await other.consumer.stop()
  await expect.poll(() => outage.left(), { timeout: 30_000 }).toBe(0)
  await log.produce([{ topic, key: 'k', value: 'after' }])
  const all = () => [...reader.records, ...other.records].map(textOf)
  await expect.poll(() => all().includes('after'), { timeout: 30_000 }).toBe(true)
  await expect.poll(() => reader.consumer.isJoined(), { timeout: 30_000 }).toBe(true)
  await reader.consumer.stop()
  await reader.consumer.finished
})

it('lets a follower read the topic all the same, and follow it on', async () => {
  const topic = await topicWithRecords()
  const outage = coordinatorOutage()
  const { sink, crashes } = crashCount()
  const log = under.openLog({ ...outage.network, sink })
  const seen: string[] = []
  outage.arm(2)
  const follower = await log.follow({
    topic,
    onRecords: (records) => void seen.push(...records.map(textOf)),
  })
  expect(seen).toEqual(RECORDS)
  expect(crashes()).toBe(2)
  outage.network.takeDown()
  await expect.poll(crashes, { timeout: 30_000 }).toBe(3)
  outage.arm(2)
  outage.network.bringUp()
  await expect.poll(() => outage.left(), { timeout: 30_000 }).toBe(0)
  await under.openLog().produce([{ topic, key: 'k', value: 'after' }])
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual([...RECORDS, 'after'])
  await follower.stop()
  await follower.finished
})

it('lets a history be read all the same', async () => {
  const topic = await topicWithRecords()
  const outage = coordinatorOutage()
  const log = under.openLog(outage.network)
  const history = await log.history({ topics: [topic], sinceMs: 0 })
  outage.arm(2)
  const seen: string[] = []
  for await (const records of history.read([topic])) seen.push(...records.map(textOf))
  expect(outage.left()).toBe(0)
  expect(seen).toEqual(RECORDS)
})
