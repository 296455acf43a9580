// How long a partition is without an owner when processors come, go, die or are busy. The bounds are wide, for slow machines;
// what they tell apart is a hand-over and a session time-out (6 s here). The figures are printed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { type Collector, collect } from '../support/collector.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const SESSION_MS = under.settings.sessionTimeoutMs
const log = under.openLog()
let topic = ''
let groupId = ''

/** Publishes to both partitions all the time, until the test ends. */
beforeEach(async () => {
  topic = await under.createTopic({ partitions: 2 })
  groupId = under.name()
  const stopping = new AbortController()
  const running = (async () => {
    for (let i = 0; !stopping.signal.aborted; i++) {
      await log.produce(['a', 'b', 'c', 'd'].map((key) => ({ topic, key, value: String(i) })))
      await delay(20)
    }
  })()
  onTestFinished(async () => {
    stopping.abort()
    await running
  })
})

const join = async (onBatch?: (batch: PartitionBatch) => Promise<void>): Promise<Collector> => {
  const member = await collect(log, {
    topics: [topic],
    groupId,
    ...(onBatch === undefined ? {} : { onBatch }),
  })
  onTestFinished(() => member.consumer.stop())
  return member
}
const partitionsOf = ({ batches }: Collector) => new Set(batches.map(({ partition }) => partition))
/** Resolves when the members have one partition each and both have had a batch of it. */
const shared = async (first: Collector, second: Collector) => {
  await second.until(() => second.batches.length > 0)
  const from = first.batches.length
  await first.until(() => first.batches.length > from)
}
const report = (what: string, sinceMs: number): number => {
  const tookMs = Math.round(performance.now() - sinceMs)
  console.log(`${what}: ${tookMs} ms (session time-out ${SESSION_MS} ms)`)
  return tookMs
}

it('hands the partition of a member that leaves over at once', async () => {
  const leaving = await join()
  const staying = await join()
  await shared(leaving, staying)
  const before = staying.batches.length
  const toldMs = performance.now()
  await leaving.consumer.stop()
  await staying.until(
    () => new Set(staying.batches.slice(before).map(({ partition }) => partition)).size === 2,
  )
  expect(report('a member left, until its partition was worked on again', toldMs)).toBeLessThan(SESSION_MS)
})

it('gives a member that joins its share at once', async () => {
  const first = await join()
  await first.until(() => partitionsOf(first).size === 2)
  const toldMs = performance.now()
  const second = await join()
  await second.until(() => second.batches.length > 0)
  expect(report('a member joined, until its first batch', toldMs)).toBeLessThan(SESSION_MS)
})

it('does not let a batch that takes long hold up a member that joins', async () => {
  const busy = Promise.withResolvers<void>()
  const first = await join(async (batch) => {
    if (batch.partition === 1) {
      busy.resolve()
      while (!batch.isStale()) await delay(20)
      return
    }
    await batch.commit()
  })
  await busy.promise
  const toldMs = performance.now()
  const second = await join()
  await second.until(() => second.batches.length > 0)
  expect(report('a member joined beside an endless batch, until its first batch', toldMs)).toBeLessThan(
    SESSION_MS,
  )
  expect(first.consumer.isJoined()).toBe(true)
})

it('gives the partition of a member that was killed to another one when its session is over', async () => {
  const options = { settings: { ...under.settings, brokers: [...under.settings.brokers] }, topic, groupId }
  const child = spawn(
    process.execPath,
    ['test/support/blocked-consumer.ts', JSON.stringify({ ...options, output: topic, blockMs: 600_000 })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(createInterface({ input: child.stdout }), 'line')
  const diedMs = performance.now()
  child.kill('SIGKILL')
  const staying = await join()
  await staying.until(() => partitionsOf(staying).size === 2)
  const tookMs = report('a member was killed, until its partitions were worked on again', diedMs)
  expect(tookMs).toBeLessThan(SESSION_MS + 6_000)
})
