// What the in-process log adds to the contract: bounded memory, positions at once, room for the rest of the process.
import { describe, expect, it } from 'vitest'
import { createInProcessLog } from '../../../src/log/in-process-log.ts'
import { collect, textOf } from '../../support/collector.ts'

const records = (topic: string, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ topic, key: `k${i % 7}`, value: String(from + i) }))
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('the in-process log', () => {
  it('says at once where each appended record stands', async () => {
    const log = createInProcessLog({ partitions: 3, now: () => 77 })
    const positions = log.append(records('t', 10))
    expect(positions.length).toBe(10)
    const reader = await collect(log, { topics: ['t'], groupId: 'g' })
    await reader.until(() => reader.records.length === 10)
    const byPosition = new Map(
      reader.records.map((record) => [`${record.partition}/${record.offset}`, record]),
    )
    positions.forEach(({ topic, partition, offset }, i) => {
      expect(topic).toBe('t')
      const record = byPosition.get(`${partition}/${offset}`)
      expect(record && textOf(record)).toBe(String(i))
      expect(record?.timestampMs).toBe(77)
    })
    await log.close()
  })

  it('makes a producer wait while a running group is too far behind, and lets it go on when it catches up', async () => {
    const log = createInProcessLog({ partitions: 1, now: Date.now, maxBehind: 50 })
    const mayCommit = Promise.withResolvers<void>()
    const reader = await collect(log, {
      topics: ['t'],
      groupId: 'g',
      async onBatch(batch) {
        await mayCommit.promise
        await batch.commit()
      },
    })
    await log.produce(records('t', 50))
    let done = false
    const waiting = log.produce(records('t', 10, 50)).finally(() => {
      done = true
    })
    await nextTurn()
    await nextTurn()
    expect(done).toBe(false)
    expect(log.behind('t')).toBe(50)
    mayCommit.resolve()
    await waiting
    await reader.until(() => reader.records.length === 60)
    expect(log.behind('t')).toBe(0)
    await log.close()
  })

  it('lets a waiting producer go when the slow consumer stops', async () => {
    const log = createInProcessLog({ partitions: 1, now: Date.now, maxBehind: 5 })
    const begun = Promise.withResolvers<void>()
    const reader = await collect(log, { topics: ['t'], groupId: 'g', onBatch: async () => begun.resolve() })
    await log.produce(records('t', 5))
    await begun.promise
    const waiting = log.produce(records('t', 5, 5))
    await reader.consumer.stop()
    await waiting
    await log.close()
  })

  it('does not let a group wait for itself when it publishes to what it reads', async () => {
    const log = createInProcessLog({ partitions: 1, now: Date.now, maxBehind: 2 })
    const reader = await collect(log, {
      topics: ['t'],
      groupId: 'g',
      maxBatchRecords: 2,
      async onBatch(batch) {
        if (textOf(batch.records[0]!) === '0') await batch.publish(records('t', 6, 100))
        await batch.commit()
      },
    })
    await log.produce(records('t', 4))
    await reader.until(() => reader.records.length === 10)
    await log.close()
  })

  it('keeps a bounded tail of a topic that nobody reads', async () => {
    const log = createInProcessLog({ partitions: 1, now: Date.now, tail: 100 })
    for (let i = 0; i < 5_000; i += 10) log.append(records('t', 10, i))
    const reader = await collect(log, { topics: ['t'], groupId: 'g', maxBatchRecords: 1_000 })
    await reader.until(() => reader.records.some((record) => textOf(record) === '4999'))
    expect(reader.records.length).toBe(100)
    expect(reader.records[0]?.offset).toBe('4900')
    await log.close()
  })

  it('drops what every group has committed and keeps what one has not', async () => {
    const log = createInProcessLog({ partitions: 1, now: Date.now, tail: 10 })
    const slow = Promise.withResolvers<void>()
    const fast = await collect(log, { topics: ['t'], groupId: 'fast' })
    const held = await collect(log, {
      topics: ['t'],
      groupId: 'held',
      maxBatchRecords: 10_000,
      async onBatch(batch) {
        await slow.promise
        await batch.commit()
      },
    })
    await log.produce(records('t', 3_000))
    await fast.until(() => fast.records.length === 3_000)
    slow.resolve()
    await held.until(() => held.records.length === 3_000)

    const late = await collect(log, { topics: ['t'], groupId: 'late' })
    await log.produce(records('t', 1, 3_000))
    await late.until(() => late.records.length > 0)
    expect(late.records.map(textOf)).toEqual(['3000'])
    await log.close()
  })

  it('gives timers and I/O their turn while batches go as fast as they can', async () => {
    const log = createInProcessLog({ partitions: 4, now: Date.now })
    const reader = await collect(log, { topics: ['t'], groupId: 'g', maxBatchRecords: 1 })
    log.append(records('t', 5_000))
    let turns = 0
    const count = setInterval(() => turns++, 1)
    await reader.until(() => reader.records.length === 5_000)
    clearInterval(count)
    expect(turns).toBeGreaterThan(3)
    await log.close()
  })
})
