// What every event log promises about records and batches, whichever adapter is behind it.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { OutputRecord } from '../../src/log/event-log.ts'
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
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map(({ consumer }) => consumer.stop()))
  })

  it('gives a group every record once, and those of one key in the order of their writing', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 400))
    const reader = await consume({ topics: [topic], groupId: group(), maxBatchRecords: 32 })
    await log.produce(numbered(topic, 400).map((record, i) => ({ ...record, value: String(400 + i) })))
    await reader.until(() => reader.records.length >= 800)

    expect(
      reader.records
        .map(textOf)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 800 }, (_, i) => i))
    const byKey = Map.groupBy(reader.records, (record) => record.key?.toString())
    expect(byKey.size).toBe(20)
    for (const records of byKey.values()) {
      const values = records.map((record) => Number(textOf(record)))
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      expect(new Set(records.map(({ partition }) => partition)).size).toBe(1)
    }
  })

  it('hands out consecutive records of one partition, at most maxBatchRecords, and says how many come after them', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 300))
    const reader = await consume({ topics: [topic], groupId: group(), maxBatchRecords: 7 })
    await reader.until(() => reader.records.length >= 300)

    for (const batch of reader.batches) {
      expect(batch.records.length).toBeGreaterThan(0)
      expect(batch.records.length).toBeLessThanOrEqual(7)
      for (const record of batch.records) {
        expect([record.topic, record.partition]).toEqual([topic, batch.partition])
      }
    }
    for (const [partition, batches] of Map.groupBy(reader.batches, (batch) => batch.partition)) {
      const offsets = batches.flatMap((batch) => batch.records.map(({ offset }) => Number(offset)))
      expect(offsets).toEqual(offsets.map((_, i) => i))
      const last = batches.at(-1)
      expect(last?.lag).toBe(0)
      const ends = batches.map((batch) => Number(batch.records.at(-1)?.offset) + 1 + batch.lag)
      expect(new Set(ends), `end of partition ${partition}`).toEqual(new Set([offsets.length]))
    }
  })

  it('works on several partitions at a time but never on two batches of one', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 300))
    const running = new Set<number>()
    const two = Promise.withResolvers<void>()
    let most = 0
    let overlaps = 0
    const reader = await consume({
      topics: [topic],
      groupId: group(),
      maxBatchRecords: 10,
      concurrentPartitions: 2,
      async onBatch(batch) {
        if (running.has(batch.partition)) overlaps++
        running.add(batch.partition)
        most = Math.max(most, running.size)
        if (running.size === 2) two.resolve()
        await two.promise
        await new Promise((resolve) => setImmediate(resolve))
        await batch.commit()
        running.delete(batch.partition)
      },
    })
    await reader.until(() => reader.records.length >= 300)
    expect(overlaps).toBe(0)
    expect(most).toBe(2)
  })

  it('keeps keys, values, headers and times to the byte, empty and absent ones apart', async () => {
    const topic = await under.createTopic()
    const binary = Buffer.from([0, 255, 128, 10, 195])
    const at = 1_767_225_600_123
    const sent: OutputRecord[] = [
      { topic, key: 'k', value: 'äöü €', headers: { text: 'ä', binary, empty: '' }, timestampMs: at },
      { topic, key: binary, value: binary, timestampMs: at },
      { topic, key: null, value: Buffer.alloc(0), timestampMs: at },
      { topic, key: 'tombstone', value: null, timestampMs: at },
    ]
    await log.produce(sent)
    const reader = await consume({ topics: [topic], groupId: group() })
    await reader.until(() => reader.records.length >= sent.length)
    const bytes = (content: string | Buffer | null) =>
      typeof content === 'string' ? Buffer.from(content) : content
    for (const record of sent) {
      const got = reader.records.find(
        ({ key }) => bytes(record.key)?.toString('hex') === key?.toString('hex'),
      )
      expect(got?.value).toEqual(bytes(record.value))
      expect(got?.timestampMs).toBe(at)
      const headers = Object.entries(record.headers ?? {}).map(([name, value]) => [name, bytes(value)])
      expect(got?.headers).toEqual(Object.fromEntries(headers))
    }
  })

  it('publishes from within a batch, again after a try that failed, before the commit', async () => {
    const input = await under.createTopic()
    const output = await under.createTopic()
    await log.produce(numbered(input, 50))
    await consume({
      topics: [input],
      groupId: group(),
      publishesTo: [output],
      async onBatch(batch) {
        const outputs = batch.records.map(({ key, value }) => ({ topic: output, key, value }))
        await batch.publish(outputs.slice(0, 1))
        await batch.publish(outputs)
        await batch.publish([])
        await batch.commit()
      },
    })
    const reader = await consume({ topics: [output], groupId: group() })
    await reader.until(() => new Set(reader.records.map(textOf)).size >= 50)
    const perPartition = Map.groupBy(reader.records, (record) => record.key?.toString())
    expect(perPartition.size).toBe(20)
  })

  it('ends with CONSUMER_STOPPED when the work on a batch throws', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 5, 1))
    const defect = new TypeError('a defect')
    const reader = await consume({
      topics: [topic],
      groupId: group(),
      onBatch: () => Promise.reject(defect),
    })
    const error = await reader.consumer.finished.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CONSUMER_STOPPED', cause: defect })
    await reader.consumer.stop()
    expect(reader.consumer.isJoined()).toBe(false)
  })

  it('is not stale and names its time of arrival while the group stays as it is', async () => {
    const topic = await under.createTopic()
    const before = Date.now()
    await log.produce(numbered(topic, 5, 1))
    const stale: boolean[] = []
    const reader = await consume({
      topics: [topic],
      groupId: group(),
      async onBatch(batch) {
        stale.push(batch.isStale())
        await batch.commit()
        stale.push(batch.isStale())
      },
    })
    await reader.until(() => reader.records.length >= 5)
    expect(stale.every((value) => !value)).toBe(true)
    expect(reader.batches[0]?.arrivedAtMs).toBeGreaterThanOrEqual(before)
    expect(reader.batches[0]?.arrivedAtMs).toBeLessThanOrEqual(Date.now())
  })
})
