// What the log says when Kafka is not there, not ready, or holds what cannot be read.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ISocketFactory } from 'kafkajs'
import { afterAll, expect, it } from 'vitest'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { collect, textOf } from '../support/collector.ts'
import { freePort } from '../support/free-port.ts'
import { kafkaUnderTest, SILENT } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const stops: (() => Promise<unknown>)[] = []
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
})

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )

it('names every topic that is missing and the command that creates them', async () => {
  const topic = await under.createTopic()
  const log = under.openLog()
  const options = { topics: [topic, 'not-there'], groupId: under.name(), publishesTo: ['nor-this'] }
  const error = await thrownBy(collect(log, options))
  expect(error).toMatchObject({ code: 'TOPIC_MISSING', disposition: 'fatal' })
  expect(error).toHaveProperty(
    'message',
    expect.stringContaining('not-there, nor-this. Create all topics with "paysentry topics create"'),
  )
  expect(await thrownBy(log.produce([{ topic: 'not-there', key: null, value: 'x' }]))).toMatchObject({
    code: 'TOPIC_MISSING',
  })
})

it('says LOG_UNAVAILABLE within seconds when no broker answers', async () => {
  const settings = { ...under.settings, brokers: [`127.0.0.1:${await freePort()}`] }
  const log = createKafkaLog({ settings, concurrentSends: 1, now: Date.now, sink: SILENT })
  stops.push(() => log.close())
  const startedAt = performance.now()
  expect(await thrownBy(collect(log, { topics: ['t'], groupId: 'g' }))).toMatchObject({
    code: 'LOG_UNAVAILABLE',
  })
  expect(await thrownBy(log.produce([{ topic: 't', key: null, value: '' }]))).toMatchObject({
    code: 'LOG_UNAVAILABLE',
  })
  expect(performance.now() - startedAt).toBeLessThan(20_000)
})

it('stops for good at a codec that it does not know, and names it with the remedy', async () => {
  const topic = await under.createTopic({ partitions: 1, config: { 'compression.type': 'snappy' } })
  const log = under.openLog()
  await log.produce([{ topic, key: 'k', value: 'v'.repeat(1_000) }])
  const reader = await collect(log, { topics: [topic], groupId: under.name() })
  const error = await thrownBy(reader.consumer.finished)
  expect(error).toMatchObject({ code: 'CONSUMER_STOPPED' })
  expect(error).toHaveProperty('message', expect.stringMatching(/snappy.*compression\.type/i))
  expect(reader.consumer.isJoined()).toBe(false)
})

it('reads gzip', async () => {
  const topic = await under.createTopic({ partitions: 1, config: { 'compression.type': 'gzip' } })
  const log = under.openLog()
  await log.produce([{ topic, key: 'k', value: 'v'.repeat(1_000) }])
  const reader = await collect(log, { topics: [topic], groupId: under.name() })
  stops.push(() => reader.consumer.stop())
  await reader.until(() => reader.records.length === 1)
  expect(reader.records.map(textOf)).toEqual(['v'.repeat(1_000)])
})

it('publishes more at once than Kafka takes in one request', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const log = under.openLog()
  await log.produce(
    Array.from({ length: 40 }, (_, i) => ({ topic, key: 'k', value: String(i).padStart(100_000, '.') })),
  )
  const [offsets] = await under.admin.fetchTopicOffsets(topic)
  expect(offsets?.high).toBe('40')
})

/** Connections that end as soon as the broker answers, once: it has done what the client believes lost. */
function cuttingSockets() {
  let cut = false
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect(port, host, onConnect)
    const on = socket.on.bind(socket)
    const cuttingOn = (event: string, listener: (...args: unknown[]) => void): Socket =>
      on(event, (...args: unknown[]) => {
        if (cut && event === 'data') socket.destroy(new Error('cut'))
        else listener(...args)
      })
    Reflect.set(socket, 'on', cuttingOn)
    return socket
  }
  return { socketFactory, cut: (is: boolean) => void (cut = is) }
}

it('loses no record when the answer to an acknowledged write is lost and another write follows', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const { socketFactory, cut } = cuttingSockets()
  const log = under.openLog({ socketFactory })
  await log.produce([{ topic, key: 'k', value: 'before' }])
  cut(true)
  const lost = thrownBy(log.produce([{ topic, key: 'k', value: 'answer lost' }]))
  expect(await lost).toMatchObject({ code: 'LOG_UNAVAILABLE' })
  cut(false)
  await log.produce([{ topic, key: 'k', value: 'after' }])
  const [offsets] = await under.admin.fetchTopicOffsets(topic)
  const reader = await collect(log, { topics: [topic], groupId: under.name() })
  stops.push(() => reader.consumer.stop())
  await reader.until(() => reader.records.length === Number(offsets?.high))
  expect(new Set(reader.records.map(textOf))).toEqual(new Set(['before', 'answer lost', 'after']))
})

it('never takes an offset back, though the answer to the commit was lost and a note is left then', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  const groupId = under.name()
  const { socketFactory, cut } = cuttingSockets()
  const log = under.openLog({ socketFactory })
  await under.openLog().produce([1, 2, 3].map((i) => ({ topic, key: 'k', value: String(i) })))
  const committed = async () => {
    const [offsets] = await under.admin.fetchOffsets({ groupId, topics: [topic] })
    return offsets?.partitions[0]?.offset
  }
  const seen: unknown[] = []
  const reader = await collect(log, {
    topics: [topic],
    groupId,
    async onBatch(batch) {
      if (seen.length > 0) return batch.commit()
      cut(true)
      seen.push(await thrownBy(batch.commit('done')))
      cut(false)
      seen.push(await committed())
      // As the guard does when a try has failed.
      await batch.commitNote('not done').catch(() => undefined)
      seen.push(await committed())
    },
  })
  stops.push(() => reader.consumer.stop())
  await reader.until(() => seen.length === 3)
  expect(seen).toMatchObject([{ code: 'LOG_UNAVAILABLE' }, '3', '3'])
})

it('keeps Node’s TimeoutNegativeWarning out of sight, and no other', async () => {
  const seen: string[] = []
  const listen = (warning: Error) => void seen.push(warning.name)
  process.on('warning', listen)
  under.openLog()
  for (const type of ['TimeoutNegativeWarning', 'OtherWarning']) {
    const emitted = once(process, 'warning')
    process.emitWarning('for this test', { type })
    await emitted
  }
  expect(seen).toEqual(['OtherWarning'])
})
