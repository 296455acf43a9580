// Training and serving cannot differ: the features of the training set are those that a processor computes over Kafka and Redis
// for the same events, bit for bit, and its scores are those of the model on the training rows.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startApp } from '../../src/app.ts'
import type { Batch } from '../../src/batch.ts'
import { readFeatures } from '../../src/cli/train.ts'
import { loadConfig } from '../../src/config.ts'
import type { OutputRecord } from '../../src/log/event-log.ts'
import { createTopics } from '../../src/log/topic-admin.ts'
import { topicSettings } from '../../src/log/topic-settings.ts'
import { topicNames } from '../../src/log/topics.ts'
import { percentileOf } from '../../src/model/calibration.ts'
import { compileFeatures, isScored } from '../../src/model/features.ts'
import { scoreRows } from '../../src/model/fit.ts'
import { loadModel } from '../../src/model/load-scorer.ts'
import { writeModel } from '../../src/model/model-files.ts'
import { simulatedRecords } from '../../src/model/training-records.ts'
import { collectTrainingSet } from '../../src/model/training-set.ts'
import { trainModel } from '../../src/model/train.ts'
import { loadRates } from '../../src/payment/rates.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const EVENTS = 3_000
const FEATURES = readFeatures('models/features.yaml')
const OPTIONS = { seed: 5, startMs: Date.UTC(2026, 0, 5), customers: 60, fraudShare: 0.05 }

const under = kafkaUnderTest()
let redis: TestRedis
let folder = ''
beforeAll(async () => {
  redis = await startRedis()
  folder = mkdtempSync(join(tmpdir(), 'paysentry-parity-'))
})
afterAll(async () => {
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('computes live over Kafka and Redis the features that were written at training, and their scores', async () => {
  const name = under.name()
  const config = loadConfig({
    env: {
      PAYSENTRY_KAFKA_BROKERS: under.settings.brokers.join(','),
      PAYSENTRY_KAFKA_GROUP_ID: name,
      PAYSENTRY_KAFKA_SESSION_TIMEOUT_MS: '6000',
      PAYSENTRY_TOPICS_PREFIX: `${name}.`,
      // One, so that events arrive in the order of training; then the order of batches is all that differs.
      PAYSENTRY_TOPICS_PARTITIONS: '1',
      PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
      PAYSENTRY_REDIS_URL: redis.url,
      PAYSENTRY_REDIS_KEY_PREFIX: `${name}:`,
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: 'ab'.repeat(16),
      PAYSENTRY_HTTP_HOST: '127.0.0.1',
      PAYSENTRY_HTTP_PORT: '0',
      PAYSENTRY_MODEL_DIR: folder,
      PAYSENTRY_MODEL_VERSION: 'parity',
      PAYSENTRY_BATCH_MAX_RECORDS: '37',
      PAYSENTRY_DEADLINE_MS: '60000',
      PAYSENTRY_DEGRADE_JOURNALS: 'wait',
    },
  })
  const set = await collectTrainingSet({
    features: FEATURES,
    rates: loadRates(config.money.ratesFile),
    records: simulatedRecords(OPTIONS, EVENTS),
    horizons: config.velocity,
    cacheBytes: config.velocity.cacheBytes,
    maxMessageBytes: config.limits.maxMessageBytes,
    onProgress: () => undefined,
  })
  writeModel(
    join(folder, 'parity'),
    await trainModel({
      set,
      features: FEATURES,
      version: 'parity',
      seed: 1,
      epochs: 1,
      source: 'a test',
      command: 'none',
      events: set.events,
      paysentry: '0.0.0',
      isOver: () => false,
      onEpoch: () => undefined,
    }),
  )

  await createTopics(under.kafka, topicSettings(config), { dryRun: false })
  const topics = topicNames(config.topics.prefix)
  for (const topic of Object.values(topics)) under.own(topic)
  const log = under.openLog()
  const served: { values: Float64Array; score: number }[] = []
  let completed = 0
  let wanted = 0
  let reached = Promise.withResolvers<void>()
  let read: ReturnType<typeof compileFeatures> | null = null
  const onCompleted = (batch: Batch): void => {
    for (const event of batch.events.filter(isScored)) {
      const values = new Float64Array(FEATURES.length)
      read?.(event, values, 0)
      served.push({ values, score: event.score })
    }
    expect(batch.rejected).toEqual([])
    completed += batch.events.length + batch.labels.length
    if (completed >= wanted) reached.resolve()
  }
  const app = await startApp({
    config,
    version: 'test',
    logger: silentLogger(),
    metrics: createMetrics({ alertsTopic: topics.alerts, now: Date.now, processMetrics: false }),
    now: Date.now,
    onCompleted,
  })
  try {
    // The windows of the processor that decides, in which the shipped rules have slots too.
    const problems: string[] = []
    read = compileFeatures(FEATURES, { windows: app.knowledge.windows, horizons: config.velocity }, problems)
    expect(problems).toEqual([])
    for (const run of runsOf()) {
      wanted += run.length
      reached = Promise.withResolvers()
      await log.produce(
        run.map(({ key, value, topic }) => ({
          topic: topic === 'payments.labels' ? topics.labels : topics.events,
          key,
          value,
        })),
      )
      await Promise.race([reached.promise, app.finished])
    }
  } finally {
    await app.stop()
  }

  expect(served).toHaveLength(set.rows)
  const live = new Float64Array(set.matrix.length)
  for (const [row, { values }] of served.entries()) live.set(values, row * FEATURES.length)
  const differs = FEATURES.filter((_, column) =>
    served.some(
      (_each, row) =>
        !Object.is(live[row * FEATURES.length + column], set.matrix[row * FEATURES.length + column]),
    ),
  )
  expect(differs.map(({ id }) => id)).toEqual([])
  expect(Buffer.from(live.buffer).equals(Buffer.from(set.matrix.buffer))).toBe(true)
  // Some of them count labels, which came over a topic of their own.
  const frauds = FEATURES.findIndex(({ id }) => id === 'merchant_frauds_7d')
  expect(served.some(({ values }) => values[frauds]! > 0)).toBe(true)

  const windows = createWindowSet()
  const { heads, manifest } = await loadModel({
    dir: folder,
    version: 'parity',
    windows,
    horizons: config.velocity,
  })
  const { raw } = scoreRows(heads, set, [0, set.rows])
  heads.close()
  expect(served.map(({ score }) => score)).toEqual(
    Array.from(raw, (value) => percentileOf(value, manifest.calibration)),
  )
})

/** Neighbouring records of one topic: of two topics each is read in its own order, so the next run waits for the one before. */
function runsOf() {
  const runs: OutputRecord[][] = []
  for (const record of simulatedRecords(OPTIONS, EVENTS)) {
    if (record.kind === 'later-label') continue
    const last = runs.at(-1)
    if (last?.[0]?.topic === record.output.topic) last.push(record.output)
    else runs.push([record.output])
  }
  return runs
}
