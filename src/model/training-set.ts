// Rows to train on: recorded or simulated traffic through the decode and velocity stages that serve too, features read as they are served.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Batch } from '../batch.ts'
import { AppError } from '../errors.ts'
import { detachedBatch } from '../log/detached-batch.ts'
import type { LogRecord, PartitionBatch } from '../log/event-log.ts'
import { topicNames } from '../log/topics.ts'
import { createDecodeStage } from '../payment/decode.ts'
import type { Rates } from '../payment/rates.ts'
import type { Horizons } from '../velocity/grid.ts'
import { createMemoryStore } from '../velocity/memory-store.ts'
import { createPseudonymiser } from '../velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows } from '../velocity/velocity.ts'
import { createWindowSet, type WindowSet } from '../velocity/window.ts'
import { compileFeatures, compileUsual, type Feature, isScored } from './features.ts'
import type { PlayedRecord, TrainingRecord } from './training-records.ts'
import { createTrainingRows, type TrainingSet } from './training-rows.ts'

export interface TrainingSetOptions {
  readonly features: readonly Feature[]
  readonly rates: Rates
  /** In the order of arrival. */
  readonly records: AsyncIterable<TrainingRecord> | Iterable<TrainingRecord>
  readonly horizons: Horizons
  readonly cacheBytes: number
  readonly maxMessageBytes: number
  /** Called with the number of events played so far. */
  readonly onProgress: (events: number) => void
}

const BATCH_RECORDS = 256
/** Pseudonyms in a training set leave the process with nobody and need no secret. */
const KEY = '00'.repeat(16)

/** Plays the records and returns their rows. Throws RangeError for features that do not compile, naming each problem. */
export async function collectTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  const { features } = options
  const windows = createWindowSet()
  const problems: string[] = []
  const read = compileFeatures(features, { windows, horizons: options.horizons }, problems)
  compileUsual(features, { windows, horizons: options.horizons }, problems)
  if (problems.length > 0) throw new RangeError(problems.join('\n'))
  const stages = createStages(options, windows)
  const rows = createTrainingRows(features.length)
  let events = 0
  let batch: PlayedRecord[] = []
  const play = async (): Promise<void> => {
    const [first] = batch
    if (first === undefined) return
    const played = await stages.play(batch)
    const [rejected] = played.rejected
    if (rejected !== undefined) throw new AppError('UNEXPECTED', `a training record: ${rejected.message}`)
    const truths = new Map(batch.map(({ id, truth }) => [id, truth]))
    for (const event of played.events) {
      if (isScored(event))
        rows.add(event, truths.get(event.event.id) ?? null, (out, at) => read(event, out, at))
    }
    for (const { label, timeMs } of played.labels)
      if (label.label === 'fraud') rows.label(label.event, timeMs)
    if (first.kind === 'event') events += batch.length
    batch = []
    options.onProgress(events)
    await nextTurn()
  }
  for await (const record of options.records) {
    if (record.kind === 'later-label') {
      rows.label(record.event, record.timeMs)
      continue
    }
    // A batch is of one topic. Labels are journaled as they are when the model is served: a feature may count them.
    if (batch.length >= BATCH_RECORDS || (batch[0] !== undefined && batch[0].kind !== record.kind))
      await play()
    batch.push(record)
  }
  await play()
  await stages.close()
  return { ...rows.finish(), events }
}

interface Stages {
  readonly play: (records: readonly PlayedRecord[]) => Promise<Batch>
  readonly close: () => Promise<void>
}

function createStages(options: TrainingSetOptions, windows: WindowSet): Stages {
  const topics = topicNames('')
  const pseudonymiser = createPseudonymiser(KEY)
  const { rates } = options
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => emptyWindows(windows),
    maxMessageBytes: options.maxMessageBytes,
    maxFutureSkewMs: Number.POSITIVE_INFINITY,
  })
  const velocity = createVelocityStage({
    store: createMemoryStore({ retentionMs: Number.POSITIVE_INFINITY, now: () => 0 }),
    windows,
    pseudonymiser,
    cacheBytes: options.cacheBytes,
    minorPerMajor: rates.minorPerMajor,
    horizons: options.horizons,
  })
  return {
    play: (records) =>
      velocity(decode(asBatch(records, records[0]?.kind === 'label' ? topics.labels : topics.events))),
    close: () => velocity.coalescer.close(),
  }
}

function asBatch(played: readonly PlayedRecord[], topic: string): PartitionBatch {
  const records = played.map(
    ({ output: { key, value, timestampMs } }, i): LogRecord => ({
      topic,
      partition: 0,
      offset: String(i),
      timestampMs: timestampMs ?? 0,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      headers: {},
    }),
  )
  return detachedBatch(topic, records)
}
