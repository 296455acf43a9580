// What every event log promises about groups: commits, redelivery, stopping, sharing.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { LogRecord, PartitionBatch } from '../../src/log/event-log.ts'
import { type Collector, collect, textOf } from '../support/collector.ts'
import { logsUnderTest, numbered } from '../support/logs-under-test.ts'

const position = (record: LogRecord) => `${record.partition}/${record.offset}`

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

  it('starts the next consumer of a group behind the last commit', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 100))
    const first = await consume({ topics: [topic], groupId })
    await first.until(() => first.records.length >= 100)
    await first.consumer.stop()

    await log.produce(
      numbered(topic, 50).map((record) => ({ ...record, value: `later-${textOf(record as LogRecord)}` })),
    )
    const second = await consume({ topics: [topic], groupId })
    await second.until(() => second.records.length >= 50)
    expect(second.records.every((record) => textOf(record).startsWith('later-'))).toBe(true)
  })

  it('says of a group whether it has committed anything', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 30))
    expect(await log.hasCommitted(groupId, [topic])).toBe(false)
    const reader = await consume({ topics: [topic], groupId })
    await reader.until(() => reader.records.length >= 30)
    expect(await log.hasCommitted(groupId, [topic])).toBe(true)
    expect(await log.hasCommitted(group(), [topic])).toBe(false)
  })

  it('gives another group everything again', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 60))
    const first = await consume({ topics: [topic], groupId: group() })
    const second = await consume({ topics: [topic], groupId: group() })
    await Promise.all([first, second].map((reader) => reader.until(() => reader.records.length >= 60)))
    expect(new Set(first.records.map(position))).toEqual(new Set(second.records.map(position)))
  })

  it('gives a batch that was not committed again, and nothing of its partition before', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 30, 1))
    let calls = 0
    const reader = await consume({
      topics: [topic],
      groupId: group(),
      maxBatchRecords: 10,
      onBatch: async (batch) => {
        if (++calls !== 2) await batch.commit()
      },
    })
    await reader.until(() => calls >= 4)
    const starts = reader.batches.map(({ records }) => records[0]?.offset)
    expect(starts).toEqual(['0', '10', '10', '20'])
  })

  it('gives a batch that a stopped consumer did not commit to the next one', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 20, 1))
    const seen = Promise.withResolvers<PartitionBatch>()
    const first = await consume({
      topics: [topic],
      groupId,
      onBatch: async (batch) => seen.resolve(batch),
    })
    await seen.promise
    await first.consumer.stop()
    const second = await consume({ topics: [topic], groupId })
    await second.until(() => second.records.length >= 20)
    expect(second.records.map(textOf)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
  })

  it('waits for the batch in hand when it is stopped, takes no further one, and keeps that batch’s commit', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 40, 1))
    const begun = Promise.withResolvers<void>()
    const mayEnd = Promise.withResolvers<void>()
    const first = await consume({
      topics: [topic],
      groupId,
      maxBatchRecords: 10,
      async onBatch(batch) {
        begun.resolve()
        await mayEnd.promise
        await batch.commit()
      },
    })
    await begun.promise
    let stopped = false
    const stopping = first.consumer.stop().finally(() => {
      stopped = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(stopped).toBe(false)
    mayEnd.resolve()
    await stopping
    await first.consumer.finished
    expect(first.batches.length).toBe(1)
    expect(first.consumer.isJoined()).toBe(false)

    const second = await consume({ topics: [topic], groupId })
    await second.until(() => second.records.length >= 30)
    expect(second.records[0]?.offset).toBe('10')
  })

  it('shares the partitions among the consumers of a group', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    const first = await consume({ topics: [topic], groupId })
    const second = await consume({ topics: [topic], groupId })
    const both = () => [...first.records, ...second.records]
    const settled = () => first.records.length > 0 && second.records.length > 0
    // The first one hears of the second with its next heartbeat; until then its share is not settled.
    let produced = 0
    while (!settled()) {
      await log.produce(numbered(topic, 60))
      produced += 60
      await Promise.race(
        [first, second].map((reader) => reader.until(() => new Set(both().map(position)).size >= produced)),
      )
    }
    expect(new Set(both().map(position)).size).toBe(produced)
    expect([first, second].every(({ consumer }) => consumer.isJoined())).toBe(true)
  })

  it('starts a group that has no offset at the end when told so', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 30))
    const reader = await consume({ topics: [topic], groupId: group(), from: 'latest' })
    // The position is taken when the first fetch goes out, so records are written until one arrives.
    for (let i = 0; reader.records.length === 0; i++) {
      await log.produce(numbered(topic, 3, 3).map((record) => ({ ...record, value: 'new' })))
      await Promise.race([
        reader.until(() => reader.records.length > 0),
        new Promise((resolve) => setTimeout(resolve, 50)),
      ])
    }
    expect(reader.records.every((record) => textOf(record) === 'new')).toBe(true)
  })
})
