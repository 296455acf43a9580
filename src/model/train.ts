// Training of the autoencoder: rows split by time, scaling and net from the first part, when to stop from the second,
// percentiles from the last. The same rows and seed give the same model to the bit.
import * as tf from '@tensorflow/tfjs-core'
import type { Sequential } from '@tensorflow/tfjs-layers'
import { AppError } from '../errors.ts'
import { createRandom } from '../simulator/random.ts'
import { readyBackend, TFJS_VERSION } from './backend.ts'
import { fitCalibration, percentileOf } from './calibration.ts'
import type { Feature } from './features.ts'
import { type Manifest, sha256 } from './manifest.ts'
import { TOPOLOGY_FILE, type TrainedModel, WEIGHTS_FILE } from './model-files.ts'
import { createNetwork, predict, saveNetwork } from './network.ts'
import { ranking } from './ranking.ts'
import { createRawScore, encodeRow, inputWidth } from './reconstruction.ts'
import { fitScaling, quantileOf } from './scaling.ts'
import type { TrainingSet } from './training-set.ts'

/** Parts of the rows, in the order of time. The first is left out: journals were still filling. */
const SPLIT = { warmUp: 0.2, train: 0.5, validation: 0.1 } as const
const BATCH_ROWS = 512
const LEARNING_RATE = 2e-3
/** Epochs without a better validation loss after which training ends. */
const PATIENCE = 3
/** An unknown value gets an input of its own when it is neither hardly ever nor nearly always unknown. */
const FLAG_FROM = 0.001
/** A feature that is always rebuilt perfectly must not outweigh all others: errors count as at least this part of the mean error. */
const LEAST_ERROR = 0.1
const GOLDEN_ROWS = 16
const PREDICT_ROWS = 4_096

export interface TrainOptions {
  readonly set: TrainingSet
  readonly features: readonly Feature[]
  readonly version: string
  readonly seed: number
  readonly epochs: number
  /** What the rows are, for the manifest. */
  readonly source: string
  /** The command that makes the same model again. */
  readonly command: string
  readonly events: number
  readonly paysentry: string
  readonly onEpoch: (epoch: number, of: number, trainLoss: number, validationLoss: number) => void
}

type Served = Manifest['features'][number]
type Span = readonly [from: number, to: number]

/** Throws MODEL_INVALID when there are too few rows. */
export async function trainModel(options: TrainOptions): Promise<TrainedModel> {
  const { set, seed } = options
  await readyBackend()
  const [train, validation, calibration] = spans(set.rows)
  const served = serveFeatures(options.features, set, train)
  const width = inputWidth(served)
  const inputs = encodeRows(served, set)
  const part = ([from, to]: Span): Float32Array => inputs.subarray(from * width, to * width)
  const net = createNetwork(width, seed)
  const loss = await fit(net, part(train), part(validation), width, options)

  const features = weighErrors(served, set, inputs, net, train)
  const raws = rawScores(features, set, inputs, net, calibration)
  const table = fitCalibration(raws)
  const files = await saveNetwork(net)
  const isFraud = set.isFraud.slice(...calibration)
  const amount = options.features.findIndex((feature) => feature.id === 'amount')
  const amounts = raws.map(
    (_, i) => set.matrix[(calibration[0] + i) * features.length + amount] ?? Number.NaN,
  )
  const manifest: Manifest = {
    format: 1,
    kind: 'autoencoder',
    version: options.version,
    features,
    calibration: { raw: [...table.raw], percentile: [...table.percentile] },
    files: { [TOPOLOGY_FILE]: sha256(files.topology), [WEIGHTS_FILE]: sha256(files.weights) },
    training: {
      source: options.source,
      command: options.command,
      seed,
      events: options.events,
      payments: set.rows,
      from: new Date(set.fromMs).toISOString(),
      to: new Date(set.toMs).toISOString(),
      rows: { train: size(train), validation: size(validation), calibration: size(calibration) },
      matrix: set.digest,
      epochs: loss.length,
      loss,
    },
    metrics: {
      model: { ...ranking(raws, isFraud) },
      amount_alone: { ...ranking(amounts, isFraud) },
      calibration_span: { payments: raws.length, frauds: isFraud.filter(Boolean).length },
    },
    golden: goldenRows(set, calibration, raws).map(({ values, raw }) => ({
      values,
      raw,
      score: percentileOf(raw, table),
    })),
    made: { paysentry: options.paysentry, tensorflow: TFJS_VERSION },
  }
  net.dispose()
  return { ...files, manifest }
}

function spans(rows: number): [Span, Span, Span] {
  const train = Math.floor(rows * SPLIT.warmUp)
  const validation = Math.floor(rows * (SPLIT.warmUp + SPLIT.train))
  const calibration = Math.floor(rows * (SPLIT.warmUp + SPLIT.train + SPLIT.validation))
  if (validation - train < BATCH_ROWS || rows - calibration < GOLDEN_ROWS) {
    throw new AppError('MODEL_INVALID', `${rows} payments are too few to train on; play more events`)
  }
  return [
    [train, validation],
    [validation, calibration],
    [calibration, rows],
  ]
}

function serveFeatures(features: readonly Feature[], set: TrainingSet, [from, to]: Span): Served[] {
  return features.map((feature, column) => {
    const values = Float64Array.from(
      { length: to - from },
      (_, i) => set.matrix[(from + i) * features.length + column] ?? 0,
    )
    const known = values.filter((value) => Number.isFinite(value)).sort()
    const share = 1 - known.length / values.length
    return {
      ...feature,
      scaling: fitScaling(values, feature.transform),
      missing: {
        share: Math.round(share * 1e6) / 1e6,
        flagged: share >= FLAG_FROM && share <= 1 - FLAG_FROM,
      },
      usual: quantileOf(known, 0.5),
      weight: 1,
    }
  })
}

function encodeRows(features: readonly Served[], { matrix, rows }: TrainingSet): Float32Array {
  const width = inputWidth(features)
  const inputs = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) encodeRow(features, matrix, row * features.length, inputs, row * width)
  return inputs
}

async function fit(
  net: Sequential,
  train: Float32Array,
  validation: Float32Array,
  width: number,
  { seed, epochs, onEpoch }: TrainOptions,
): Promise<Manifest['training']['loss']> {
  net.compile({ optimizer: tf.train.adam(LEARNING_RATE), loss: 'meanSquaredError' })
  const random = createRandom(seed, 11)
  const order = Uint32Array.from({ length: train.length / width }, (_, i) => i)
  const shuffled = new Float32Array(train.length)
  const losses: Manifest['training']['loss'] = []
  let best = Number.POSITIVE_INFINITY
  let bestWeights: tf.Tensor[] = []
  for (let epoch = 1, since = 0; epoch <= epochs && since < PATIENCE; epoch++) {
    shuffle(order, (below) => random.int(below))
    for (const [to, from] of order.entries())
      shuffled.set(train.subarray(from * width, (from + 1) * width), to * width)
    const x = tf.tensor2d(shuffled, [order.length, width])
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is not exported; its 0 is silent
    const history = await net.fit(x, x, { batchSize: BATCH_ROWS, epochs: 1, shuffle: false, verbose: 0 })
    x.dispose()
    const trainLoss = Number(history.history['loss']?.[0])
    const validationLoss = meanError(net, validation, width)
    losses.push({ train: trainLoss, validation: validationLoss })
    onEpoch(epoch, epochs, trainLoss, validationLoss)
    since++
    if (validationLoss >= best) continue
    best = validationLoss
    since = 0
    tf.dispose(bestWeights)
    bestWeights = net.getWeights().map((weight) => weight.clone())
  }
  net.setWeights(bestWeights)
  tf.dispose(bestWeights)
  return losses
}

/** Mean squared error over rows and inputs. */
function meanError(net: Sequential, inputs: Float32Array, width: number): number {
  let sum = 0
  inChunks(net, inputs, width, (input, output) => {
    for (const [i, value] of input.entries()) sum += (value - (output[i] ?? 0)) ** 2
  })
  return sum / inputs.length
}

/** Gives each feature the weight that makes its mean part 1 in the training rows, within reason. */
function weighErrors(
  features: readonly Served[],
  set: TrainingSet,
  inputs: Float32Array,
  net: Sequential,
  span: Span,
): Served[] {
  const sums = new Float64Array(features.length)
  forEachRaw(features, set, inputs, net, span, (_raw, parts) => {
    for (const [i, part] of parts.entries()) sums[i] = (sums[i] ?? 0) + part
  })
  const means = sums.map((sum) => sum / size(span))
  const least = LEAST_ERROR * (means.reduce((a, b) => a + b, 0) / means.length)
  return features.map((feature, i) => ({ ...feature, weight: 1 / Math.max(least, means[i] ?? 0) }))
}

function rawScores(
  features: readonly Served[],
  set: TrainingSet,
  inputs: Float32Array,
  net: Sequential,
  span: Span,
): Float64Array {
  const raws = new Float64Array(size(span))
  let row = 0
  forEachRaw(features, set, inputs, net, span, (raw) => {
    raws[row++] = raw
  })
  return raws
}

function forEachRaw(
  features: readonly Served[],
  { matrix }: TrainingSet,
  inputs: Float32Array,
  net: Sequential,
  [from, to]: Span,
  visit: (raw: number, parts: Float64Array) => void,
): void {
  const width = inputWidth(features)
  const rawScore = createRawScore(features)
  const parts = new Float64Array(features.length)
  let row = from
  inChunks(net, inputs.subarray(from * width, to * width), width, (input, output) => {
    for (let at = 0; at < input.length; at += width) {
      visit(rawScore(matrix, row++ * features.length, input, output, at, parts), parts)
    }
  })
}

function inChunks(
  net: Sequential,
  inputs: Float32Array,
  width: number,
  visit: (input: Float32Array, output: Float32Array) => void,
): void {
  for (let at = 0; at < inputs.length; at += PREDICT_ROWS * width) {
    const input = inputs.subarray(at, at + PREDICT_ROWS * width)
    visit(input, predict(net, input, input.length / width))
  }
}

/** Rows spread evenly over the span's raw scores, the lowest and the highest among them. */
function goldenRows({ matrix, rows }: TrainingSet, [from]: Span, raws: Float64Array) {
  const width = matrix.length / rows
  const order = Array.from(raws.keys()).sort((a, b) => (raws[a] ?? 0) - (raws[b] ?? 0))
  return Array.from({ length: GOLDEN_ROWS }, (_, i) => {
    const index = order[Math.round((i * (order.length - 1)) / (GOLDEN_ROWS - 1))] ?? 0
    const row = matrix.subarray((from + index) * width, (from + index + 1) * width)
    return {
      values: Array.from(row, (value) => (Number.isFinite(value) ? value : null)),
      raw: raws[index] ?? 0,
    }
  })
}

function shuffle(order: Uint32Array, int: (below: number) => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = int(i + 1)
    const held = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = held
  }
}

function size([from, to]: Span): number {
  return to - from
}
