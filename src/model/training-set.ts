// Rows to train on: simulated traffic through the decode and velocity stages that serve too, features read as they are served.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import { detachedBatch } from '../log/detached-batch.ts'
import type { LogRecord, OutputRecord, PartitionBatch } from '../log/event-log.ts'
import { topicNames } from '../log/topics.ts'
import { createDecodeStage } from '../payment/decode.ts'
import type { Rates } from '../payment/rates.ts'
import { encodeRecord } from '../simulator/encode.ts'
import { createSimulator } from '../simulator/simulator.ts'
import type { Horizons } from '../velocity/grid.ts'
import { createMemoryStore } from '../velocity/memory-store.ts'
import { createPseudonymiser } from '../velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows } from '../velocity/velocity.ts'
import { createWindowSet } from '../velocity/window.ts'
import { compileFeatures, type Feature, isScored } from './features.ts'

export interface TrainingSetOptions {
  readonly features: readonly Feature[]
  readonly rates: Rates
  readonly seed: number
  /** Simulated events to play. */
  readonly events: number
  /** Simulated time of the first one, epoch milliseconds. */
  readonly startMs: number
  readonly customers?: number
  readonly horizons: Horizons
  readonly cacheBytes: number
  readonly maxMessageBytes: number
  readonly onProgress: (done: number, of: number) => void
}

export interface TrainingSet {
  /** One row a payment in the order of arrival, one value a feature. */
  readonly matrix: Float64Array
  readonly rows: number
  /** What the simulator knows of each row; the model never sees it. */
  readonly isFraud: readonly boolean[]
  readonly fromMs: number
  readonly toMs: number
  /** SHA-256 of the matrix, hex. */
  readonly digest: string
}

const BATCH_RECORDS = 256
/** Pseudonyms of simulated people need no secret. */
const KEY = '00'.repeat(16)

/** Plays the traffic and returns its rows. Throws RangeError for features that do not compile, naming each problem. */
export async function collectTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  const { features, rates, horizons } = options
  const windows = createWindowSet()
  const problems: string[] = []
  const read = compileFeatures(features, { windows, horizons }, problems)
  if (problems.length > 0) throw new RangeError(problems.join('\n'))
  const topics = topicNames('')
  const simulator = createSimulator(options)
  const pseudonymiser = createPseudonymiser(KEY)
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => emptyWindows(windows),
    maxMessageBytes: options.maxMessageBytes,
    maxFutureSkewMs: 0,
  })
  const store = createMemoryStore({ retentionMs: Number.POSITIVE_INFINITY, now: () => options.startMs })
  const velocity = createVelocityStage({
    store,
    windows,
    pseudonymiser,
    horizons,
    cacheBytes: options.cacheBytes,
    minorPerMajor: rates.minorPerMajor,
  })
  const width = features.length
  let matrix = new Float64Array(options.events * width)
  const isFraud: boolean[] = []
  let fromMs = Number.NaN
  let toMs = options.startMs
  let played = 0
  let next = simulator.next()
  while (played < options.events) {
    const frauds = new Set<string>()
    const records: OutputRecord[] = []
    // A batch is of one topic. Labels are journaled as they are when the model is served: a feature may count them.
    const { kind } = next
    while (records.length < BATCH_RECORDS && played < options.events && next.kind === kind) {
      if (next.kind === 'event') {
        if (next.truth === 'fraud') frauds.add(next.event.id)
        played++
      }
      records.push(encodeRecord(next, topics))
      next = simulator.next()
    }
    const batch = await velocity(decode(asBatch(records, kind === 'event' ? topics.events : topics.labels)))
    const [rejected] = batch.rejected
    if (rejected !== undefined) throw new AppError('UNEXPECTED', `a simulated record: ${rejected.message}`)
    for (const event of batch.events) {
      if (!isScored(event)) continue
      read(event, matrix, isFraud.length * width)
      isFraud.push(frauds.has(event.event.id))
      fromMs = Number.isNaN(fromMs) ? event.timeMs : fromMs
      toMs = event.timeMs
    }
    options.onProgress(played, options.events)
    await nextTurn()
  }
  await velocity.coalescer.close()
  matrix = matrix.slice(0, isFraud.length * width)
  const digest = createHash('sha256').update(new Uint8Array(matrix.buffer)).digest('hex')
  return { matrix, rows: isFraud.length, isFraud, fromMs, toMs, digest }
}

function asBatch(outputs: readonly OutputRecord[], topic: string): PartitionBatch {
  const records = outputs.map(
    ({ key, value, timestampMs }, i): LogRecord => ({
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
