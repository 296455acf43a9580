// What every event log promises about the note that travels with a group's offset.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { type Collector, collect } from '../support/collector.ts'
import { logsUnderTest, numbered } from '../support/logs-under-test.ts'

describe.each(Object.entries(logsUnderTest))('the %s log', (_name, adapter) => {
  const under = adapter()
  const log = under.openLog()
  const consumers: Collector[] = []
  const consume = async (options: Parameters<typeof collect>[1]): Promise<Collector> => {
    const collector = await collect(log, { maxBatchRecords: 10, ...options })
    consumers.push(collector)
    return collector
  }
  const group = () => `group-${randomBytes(6).toString('hex')}`
  /** Works on one batch of the group and stops. */
  const one = async (
    topic: string,
    groupId: string,
    work: (batch: PartitionBatch) => Promise<void>,
  ): Promise<PartitionBatch> => {
    const worked = Promise.withResolvers<PartitionBatch>()
    let first = true
    const reader = await consume({
      topics: [topic],
      groupId,
      async onBatch(batch) {
        if (!first) return
        first = false
        await work(batch)
        worked.resolve(batch)
      },
    })
    const batch = await worked.promise
    await reader.consumer.stop()
    return batch
  }
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map(({ consumer }) => consumer.stop()))
  })

  it('gives the note of one batch to the next of the partition, and none where none was left', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 40, 1))
    const reader = await consume({
      topics: [topic],
      groupId: group(),
      onBatch: (batch) => {
        const offset = batch.records[0]?.offset
        return offset === '20' ? batch.commit() : batch.commit(`behind ${offset}`)
      },
    })
    await reader.until(() => reader.records.length >= 40)
    expect(reader.batches.map(({ note }) => note)).toEqual(['', 'behind 0', 'behind 10', ''])
  })

  it('gives the note of a commit to the next owner, with the batch behind it', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 20, 1))
    await one(topic, groupId, (batch) => batch.commit('ten done, one kept back: äöü €'))
    const next = await one(topic, groupId, (batch) => batch.commit())
    expect(next.records[0]?.offset).toBe('10')
    expect(next.note).toBe('ten done, one kept back: äöü €')
  })

  it('gives a note that was left before the work began to the next owner, with the same batch', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 20, 1))
    await one(topic, groupId, (batch) => batch.commit())
    await one(topic, groupId, (batch) => batch.commitNote('first try'))
    const second = await one(topic, groupId, (batch) => batch.commitNote(`${batch.note}, second try`))
    expect(second.records[0]?.offset).toBe('10')
    expect(second.note).toBe('first try')
    const third = await one(topic, groupId, (batch) => batch.commit())
    expect(third.records[0]?.offset).toBe('10')
    expect(third.note).toBe('first try, second try')
  })

  it('keeps the notes of partitions and of groups apart', async () => {
    const topic = await under.createTopic()
    await log.produce(numbered(topic, 60))
    const first = group()
    const reader = await consume({
      topics: [topic],
      groupId: first,
      maxBatchRecords: 100,
      onBatch: (batch) => batch.commit(`partition ${batch.partition}`),
    })
    await reader.until(() => reader.records.length >= 60)
    await reader.consumer.stop()
    await log.produce(numbered(topic, 60))
    const other = await consume({ topics: [topic], groupId: group() })
    await other.until(() => other.records.length >= 60)
    await log.produce(numbered(topic, 60))
    const again = await consume({ topics: [topic], groupId: first })
    await again.until(() => again.records.length >= 60)
    const firstOf = (reader: Collector, partition: number) =>
      reader.batches.find((batch) => batch.partition === partition)?.note
    for (const { partition } of again.batches) {
      expect(firstOf(again, partition)).toBe(`partition ${partition}`)
      expect(firstOf(other, partition)).toBe('')
    }
  })

  it('refuses a note that is too long for the log, and commits nothing then', async () => {
    const topic = await under.createTopic()
    const groupId = group()
    await log.produce(numbered(topic, 10, 1))
    const errors: unknown[] = []
    await one(topic, groupId, async (batch) => {
      await batch.commit('é'.repeat(2_049)).catch((error: unknown) => errors.push(error))
    })
    expect(errors).toMatchObject([{ code: 'UNEXPECTED' }])
    const again = await one(topic, groupId, (batch) => batch.commit('é'.repeat(2_048)))
    expect(again.records[0]?.offset).toBe('0')
  })
})
