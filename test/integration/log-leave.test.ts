// Stopping while the group is being built anew and does not get done: nothing is in hand, so nothing is waited for.
import { afterAll, expect, it } from 'vitest'
import { collect } from '../support/collector.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const ends: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of ends) await end()
})

it('stops within seconds while the coordinator holds its join back for a member that does not come', async () => {
  const topic = await under.createTopic({ partitions: 3 })
  const groupId = under.name()
  const log = under.openLog()
  await log.produce(Array.from({ length: 30 }, (_, i) => ({ topic, key: `k${i}`, value: String(i) })))

  // A member that works for ever on its first batch: it lives, and joins no more.
  const inHand = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const busy = under.kafka.consumer({ groupId, sessionTimeout: 30_000, rebalanceTimeout: 60_000 })
  await busy.connect()
  await busy.subscribe({ topics: [topic], fromBeginning: true })
  ends.push(async () => {
    release.resolve()
    await busy.disconnect()
  })
  const first = await collect(log, { topics: [topic], groupId })
  await busy.run({
    async eachBatch() {
      inHand.resolve()
      await release.promise
    },
  })
  await log.produce(Array.from({ length: 30 }, (_, i) => ({ topic, key: `k${i}`, value: String(i) })))
  await inHand.promise

  const third = under.kafka.consumer({ groupId, rebalanceTimeout: 60_000 })
  await third.connect()
  await third.subscribe({ topics: [topic], fromBeginning: true })
  // Resolves when it has joined, which is not before the end.
  const joined = third.run({ eachBatch: async () => undefined })
  ends.push(async () => {
    await joined
    await third.disconnect()
  })
  // The first has heard of the rebalance and has asked to join again.
  for (;;) {
    const { groups } = await under.admin.describeGroups([groupId])
    if (groups[0]?.state === 'PreparingRebalance') break
  }
  while (first.consumer.isJoined()) await new Promise((resolve) => setTimeout(resolve, 20))
  const startedAt = performance.now()
  await first.consumer.stop()
  expect(performance.now() - startedAt).toBeLessThan(6_000)
})
