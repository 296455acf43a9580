// Rows to train on: recorded or simulated traffic through the decode and velocity stages that serve too, features read as they are served.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createHash } from 'node:crypto'
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
import { compileFeatures, type Feature, isScored } from './features.ts'
import type { PlayedRecord, TrainingRecord } from './training-records.ts'

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

export interface TrainingSet {
  /** One row a payment in the order of arrival, one value a feature. */
  readonly matrix: Float64Array
  readonly rows: number
  /** Event time of each row, epoch milliseconds. */
  readonly timesMs: Float64Array
  /** When a label said that the row is fraud, epoch milliseconds; NaN when none did. */
  readonly labelledMs: Float64Array
  /** The truth of each row: what the simulator knows, or whether it was ever labelled fraud. For judging, never for fitting. */
  readonly isFraud: readonly boolean[]
  readonly events: number
  readonly fromMs: number
  readonly toMs: number
  /** SHA-256 of the matrix, hex. */
  readonly digest: string
}

const BATCH_RECORDS = 256
const FIRST_ROWS = 65_536
/** Pseudonyms in a training set leave the process with nobody and need no secret. */
const KEY = '00'.repeat(16)

/** Plays the records and returns their rows. Throws RangeError for features that do not compile, naming each problem. */
export async function collectTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  const { features } = options
  const windows = createWindowSet()
  const problems: string[] = []
  const read = compileFeatures(features, { windows, horizons: options.horizons }, problems)
  if (problems.length > 0) throw new RangeError(problems.join('\n'))
  const stages = createStages(options, windows)
  const rows = createRows(features.length)
  let events = 0
  let batch: PlayedRecord[] = []
  const play = async (): Promise<void> => {
    const [first] = batch
    if (first === undefined) return
    const played = await stages.play(batch)
    const [rejected] = played.rejected
    if (rejected !== undefined) throw new AppError('UNEXPECTED', `a training record: ${rejected.message}`)
    const frauds = new Set(batch.filter(({ isFraud }) => isFraud).map(({ id }) => id))
    for (const event of played.events) {
      if (isScored(event))
        rows.add(event.event.id, event.timeMs, frauds.has(event.event.id), (out, at) => read(event, out, at))
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

/** The rows so far, in arrays that grow. */
function createRows(width: number) {
  let matrix = new Float64Array(FIRST_ROWS * width)
  let timesMs = new Float64Array(FIRST_ROWS)
  let labelledMs = new Float64Array(FIRST_ROWS).fill(Number.NaN)
  const isFraud: boolean[] = []
  const rowOf = new Map<string, number>()
  return {
    add(id: string, timeMs: number, fraud: boolean, write: (out: Float64Array, at: number) => void): void {
      const row = isFraud.length
      if (row === timesMs.length) {
        matrix = grown(matrix)
        timesMs = grown(timesMs)
        labelledMs = grown(labelledMs).fill(Number.NaN, row)
      }
      write(matrix, row * width)
      timesMs[row] = timeMs
      isFraud.push(fraud)
      rowOf.set(id, row)
    },
    label(id: string, atMs: number): void {
      const row = rowOf.get(id)
      if (row !== undefined && !((labelledMs[row] ?? 0) <= atMs)) labelledMs[row] = atMs
    },
    finish(): Omit<TrainingSet, 'events'> {
      const knowsTruth = isFraud.includes(true)
      const rows = isFraud.length
      const used = matrix.slice(0, rows * width)
      const times = timesMs.slice(0, rows)
      return {
        matrix: used,
        rows,
        timesMs: times,
        labelledMs: labelledMs.slice(0, rows),
        isFraud: knowsTruth ? isFraud : isFraud.map((_, row) => Number.isFinite(labelledMs[row])),
        fromMs: times[0] ?? Number.NaN,
        toMs: times.at(-1) ?? Number.NaN,
        digest: createHash('sha256').update(new Uint8Array(used.buffer)).digest('hex'),
      }
    },
  }
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length)
  larger.set(values)
  return larger
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
