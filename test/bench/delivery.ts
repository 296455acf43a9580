// What each delivery mode costs: consume, publish one output a record, commit. Kafka is real; no stage is between.
import { randomBytes } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { type Config, configSchema } from '../../src/config.ts'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { collect } from '../support/collector.ts'
import { startKafka } from '../support/kafka.ts'

const RECORDS = 60_000
const PARTITIONS = 6
const BATCH = 200
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export async function run(): Promise<void> {
  const kafka = await startKafka()
  try {
    const rounds: Record<string, number[]> = { 'at-least-once': [], 'exactly-once': [] }
    // In turn, so that a busy machine slows both.
    for (let round = 0; round < 3; round++) {
      for (const delivery of ['at-least-once', 'exactly-once'] as const) {
        rounds[delivery]?.push(await perSecond(kafka.brokers, delivery))
      }
    }
    for (const [delivery, figures] of Object.entries(rounds)) {
      const all = figures.map((figure) => Math.round(figure).toLocaleString('en')).join(', ')
      console.log(`${delivery.padEnd(14)} ${all} records a second (wall clock, batches of ${BATCH})`)
    }
  } finally {
    await kafka.stop()
  }
}

async function perSecond(brokers: string[], delivery: Config['kafka']['delivery']): Promise<number> {
  const settings = { ...configSchema.shape.kafka.parse({}), brokers, delivery }
  const name = `bench-${randomBytes(4).toString('hex')}`
  const [input, output] = [`${name}-in`, `${name}-out`]
  const admin = new Kafka({ brokers, clientId: name, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({
    waitForLeaders: true,
    topics: [input, output].map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 })),
  })
  const log = createKafkaLog({ settings, concurrentSends: PARTITIONS, now: Date.now, sink: SILENT })
  const value = randomBytes(200).toString('hex')
  for (let at = 0; at < RECORDS; at += 2_000) {
    await log.produce(Array.from({ length: 2_000 }, (_, i) => ({ topic: input, key: `k${at + i}`, value })))
  }
  const startedAt = performance.now()
  const reader = await collect(log, {
    topics: [input],
    groupId: name,
    maxBatchRecords: BATCH,
    concurrentPartitions: PARTITIONS,
    async onBatch(batch) {
      await batch.publish(batch.records.map(({ key }) => ({ topic: output, key, value })))
      await batch.commit()
    },
  })
  await reader.until(() => reader.records.length >= RECORDS)
  const seconds = (performance.now() - startedAt) / 1_000
  await log.close()
  await admin.deleteTopics({ topics: [input, output] })
  await admin.disconnect()
  return RECORDS / seconds
}
