// A small trained model for tests: a few features that need no windows, rows from a seeded generator.
import type { Feature } from '../../../src/model/features.ts'
import { type TrainedModel } from '../../../src/model/model-files.ts'
import { trainModel } from '../../../src/model/train.ts'
import type { TrainingSet } from '../../../src/model/training-rows.ts'
import { createRandom } from '../../../src/simulator/random.ts'

export const TINY_FEATURES: readonly Feature[] = [
  {
    id: 'amount',
    cel: 'amount',
    usual: 'amount / 2.0',
    description: 'Amount',
    transform: 'log',
    odd: 'high',
    group: 'amount',
  },
  { id: 'hour', cel: 'hour', description: 'Hour', transform: 'linear', odd: 'high', group: 'hour' },
  {
    id: 'lat',
    cel: 'device.geo.lat',
    description: 'Latitude, often unknown',
    transform: 'linear',
    odd: 'high',
    group: 'place',
  },
  {
    id: 'online',
    cel: "channel == 'ecommerce' ? 1.0 : 0.0",
    description: 'Online',
    transform: 'linear',
    odd: 'high',
    group: 'place',
  },
]

/** Amounts follow the hour, and the position is known in two of three rows; one row in thirty is fraud, breaks the pattern and is labelled at once. */
export function tinySet(rows: number, seed = 5): TrainingSet {
  const random = createRandom(seed, 0)
  const isFraud = Array.from({ length: rows }, () => random.chance(1 / 30))
  const matrix = Float64Array.from(
    isFraud.flatMap((fraud) => {
      const hour = random.int(24)
      const amount = fraud ? random.logNormal(2_000, 0.2) : random.logNormal(5 + hour, 0.2)
      return [amount, hour, random.chance(0.66) ? random.between(40, 55) : Number.NaN, random.int(2)]
    }),
  )
  return {
    matrix,
    rows,
    timesMs: Float64Array.from(isFraud, (_, i) => i * 1_000),
    labelledMs: Float64Array.from(isFraud, (fraud, i) => (fraud ? i * 1_000 + 1 : Number.NaN)),
    isFraud,
    campaigns: isFraud.map((fraud, i) => (fraud ? (i % 2 === 0 ? 'spree' : 'drain') : null)),
    amounts: Float64Array.from(isFraud, (_, i) => matrix[i * TINY_FEATURES.length] ?? Number.NaN),
    payers: Uint32Array.from(isFraud, (_, i) => i % 97),
    events: rows,
    fromMs: 0,
    toMs: rows * 1_000,
    digest: 'ab'.repeat(32),
  }
}

export interface TinyOptions {
  readonly rows?: number
  readonly seed?: number
  readonly set?: TrainingSet
  readonly version?: string
  /** As many as TINY_FEATURES. */
  readonly features?: readonly Feature[]
}

export function trainTiny(options: TinyOptions = {}): Promise<TrainedModel> {
  const { rows = 4_000, seed = 7, set = tinySet(rows), version = 'tiny', features = TINY_FEATURES } = options
  return trainModel({
    set,
    features,
    version,
    seed,
    epochs: 4,
    source: 'a test',
    command: 'none',
    events: rows,
    paysentry: '0.0.0',
    isOver: () => false,
    onEpoch: () => undefined,
  })
}
