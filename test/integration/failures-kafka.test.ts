// Brokers of this file's own failing in each way that the table of errors speaks of: what a processor's log says meanwhile, and that a
// read-committed reader finds everything once afterwards.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../src/config.ts'
import { toAppError } from '../../src/errors.ts'
import type { EventLog, PartitionBatch } from '../../src/log/event-log.ts'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { createTopics } from '../../src/log/topic-admin.ts'
import { publishAll } from '../faults/publish.ts'
import { collect, textOf } from '../support/collector.ts'
import { untilKafkaAnswers } from '../support/kafka.ts'
import { SILENT } from '../support/kafka/kafka-under-test.ts'
import { type NativeKafka, startNativeKafka } from '../support/kafka/native.ts'

const QUICK = { 'broker.session.timeout.ms': 3_000, 'broker.heartbeat.interval.ms': 500 }
const TWO_REPLICAS = {
  ...QUICK,
  'offsets.topic.replication.factor': 2,
  'transaction.state.log.replication.factor': 2,
}
const MANY = 300

/** Opens a log and an admin client on the brokers; closed at the end of the block. */
function clients(brokers: () => string[]) {
  const client = (): Kafka => new Kafka({ brokers: brokers(), clientId: 'test', logLevel: logLevel.NOTHING })
  let admin: Admin | null = null
  const logs: EventLog[] = []
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()))
    await admin?.disconnect()
  })
  return {
    async admin(): Promise<Admin> {
      if (admin !== null) return admin
      admin = client().admin()
      await admin.connect()
      return admin
    },
    async create(names: readonly string[], replicationFactor: number): Promise<void> {
      const topics = names.map((name) => ({
        role: 'events' as const,
        name,
        partitions: 4,
        replicationFactor,
        config: {},
      }))
      await createTopics(client(), topics, { dryRun: false })
    },
    openLog(): EventLog {
      const settings = { ...configSchema.shape.kafka.parse({}), brokers: brokers(), sessionTimeoutMs: 6_000 }
      const log = createKafkaLog({
        settings: { ...settings, delivery: 'exactly-once' },
        concurrentSends: 2,
        now: Date.now,
        sink: SILENT,
      })
      logs.push(log)
      return log
    },
  }
}

/** Does the work of a batch again, as the runner does, until it succeeds or the batch belongs to another. Notes what failed. */
function persistently(codes: Set<string>, work: (batch: PartitionBatch) => Promise<void>) {
  return async (batch: PartitionBatch): Promise<void> => {
    while (!batch.isStale()) {
      try {
        return await work(batch)
      } catch (thrown) {
        codes.add(toAppError(thrown).code)
        if (toAppError(thrown).disposition === 'fatal') return
        await delay(50)
      }
    }
  }
}

/** Copies every record of one topic to another, as the pipeline does; notes what failed. */
async function copying(log: EventLog, from: string, to: string) {
  const codes = new Set<string>()
  const onBatch = persistently(codes, async (batch) => {
    await batch.publish(batch.records.map(({ key, value }) => ({ topic: to, key, value })))
    await batch.commit()
  })
  const reader = await collect(log, { topics: [from], groupId: `copy-${from}`, maxBatchRecords: 20, onBatch })
  return { codes, consumer: reader.consumer }
}

/** The records of a topic by where they stand: a batch that could not be committed comes again. */
async function reading(log: EventLog, topic: string) {
  const values = new Map<string, string>()
  const codes = new Set<string>()
  const onBatch = persistently(codes, async (batch) => {
    for (const record of batch.records) values.set(`${record.partition}/${record.offset}`, textOf(record))
    await batch.commit()
  })
  const { until } = await collect(log, { topics: [topic], groupId: `read-${topic}`, onBatch })
  return { values, codes, until }
}

const values = (topic: string, from: number) =>
  Array.from({ length: MANY }, (_, i) => ({ topic, key: `k${i}`, value: String(from + i) }))

/** Everything that stands in the topic, which a publisher that tried again may have written twice. */
async function contents(log: EventLog, topic: string): Promise<string[]> {
  const found: string[] = []
  const follower = await log.follow({
    topic,
    onRecords: (records) => void found.push(...records.map(textOf)),
  })
  await follower.stop()
  return found
}

beforeAll(() => hideTimerWarning(process))

describe('a cluster of two brokers', () => {
  let first: NativeKafka
  let second: NativeKafka
  const { admin, create, openLog } = clients(() => [first.broker, second.broker])
  beforeAll(async () => {
    first = await startNativeKafka({ properties: TWO_REPLICAS })
    second = await startNativeKafka({ properties: TWO_REPLICAS, joins: first })
    await untilKafkaAnswers([first.broker], first.died)
    while ((await (await admin()).describeCluster()).brokers.length < 2) await delay(100)
  })
  afterAll(async () => {
    await second.stop()
    await first.stop()
  })

  it('whose broker dies goes on under the other leader and coordinator: each record comes once', async () => {
    await create(['in', 'out'], 2)
    const log = openLog()
    const copy = await copying(log, 'in', 'out')
    await publishAll(log, values('in', 0))
    const seen = await reading(openLog(), 'out')
    await seen.until(() => seen.values.size >= MANY)
    const leaders = async () =>
      (await (await admin()).fetchTopicMetadata({ topics: ['out'] })).topics[0]!.partitions.map(
        ({ leader }) => leader,
      )
    expect(new Set(await leaders())).toEqual(new Set([1, 2]))
    await second.kill()
    await publishAll(log, values('in', MANY))
    const published = await contents(log, 'in')
    expect(new Set(published).size).toBe(2 * MANY)
    await seen.until(() => seen.values.size >= published.length)
    expect([...seen.values.values()].toSorted()).toEqual(published.toSorted())
    expect(new Set(await leaders())).toEqual(new Set([1]))
    expect(
      [...copy.codes, ...seen.codes].filter(
        (code) => code !== 'LOG_UNAVAILABLE' && code !== 'PARTITION_LOST',
      ),
    ).toEqual([])
    await copy.consumer.stop()
    await copy.consumer.finished
  })
})

describe('a broker', () => {
  let kafka: NativeKafka
  const { admin, create, openLog } = clients(() => [kafka.broker])
  beforeAll(async () => {
    kafka = await startNativeKafka({ properties: QUICK })
    await untilKafkaAnswers([kafka.broker], kafka.died)
    await create(['in', 'out', 'bulk', 'gone'], 1)
  })
  afterAll(() => kafka.stop())

  it('without a topic that is published to says which and how it is created', async () => {
    const log = openLog()
    const errors: unknown[] = []
    const reader = await collect(log, {
      topics: ['in'],
      groupId: 'topic-gone',
      publishesTo: ['gone'],
      async onBatch(batch) {
        if (errors.length > 0) return batch.commit()
        await (await admin()).deleteTopics({ topics: ['gone'] })
        await batch.publish([{ topic: 'gone', key: 'k', value: 'v' }]).catch((error) => errors.push(error))
        await batch.commit().catch(() => undefined)
      },
    })
    await log.produce([{ topic: 'in', key: 'k', value: 'first' }])
    await reader.until(() => errors.length > 0)
    expect(errors[0]).toMatchObject({
      code: 'TOPIC_MISSING',
      disposition: 'fatal',
      message: expect.stringContaining('paysentry topics create'),
    })
    await reader.consumer.stop()
  })

  it('whose disk is full takes nothing more, and loses nothing that it took', async () => {
    const log = openLog()
    // No file may grow beyond 12 MiB: writing fails as on a full disk.
    const limited = spawn('prlimit', ['--pid', String(kafka.pid()), `--fsize=${12 * 1_048_576}`])
    expect(await once(limited, 'exit')).toEqual([0, null])
    const taken: { value: string }[] = []
    let refused: unknown = null
    while (refused === null) {
      const value = `${taken.length} ${'x'.repeat(500_000)}`
      const record = { topic: 'bulk', key: 'k', value }
      refused = await log.produce([record]).then(
        () => null,
        (error: unknown) => error,
      )
      if (refused === null) taken.push(record)
    }
    expect(refused).toMatchObject({ code: 'LOG_UNAVAILABLE', disposition: 'retry' })
    expect(taken.length).toBeGreaterThan(10)
    // There is room again: the broker, which ends when no folder is left that it can write, is started anew.
    await kafka.kill()
    await kafka.startAgain()
    await untilKafkaAnswers([kafka.broker], Promise.race([]))
    await publishAll(log, [{ topic: 'bulk', key: 'k', value: 'after' }])
    const reader = await collect(openLog(), { topics: ['bulk'], groupId: 'bulk' })
    await reader.until(() => reader.records.some((record) => textOf(record) === 'after'))
    const found = new Set(reader.records.map(textOf))
    expect(taken.filter(({ value }) => !found.has(value))).toEqual([])
    await reader.consumer.stop()
  })
})
