// Fitting the supervised head: genuine payments sampled and weighted back, early stopping on the later validation span, output
// calibrated to log-odds. The same rows and seed give the same net to the bit.
import * as tf from '@tensorflow/tfjs-core'
import type { Sequential } from '@tensorflow/tfjs-layers'
import { createRandom } from '../simulator/random.ts'
import { codedWidth, codeRow } from './coding.ts'
import { fitLine } from './logistic-line.ts'
import type { FittedFeature } from './manifest.ts'
import { predict } from './network.ts'
import { createSupervisedNet } from './supervised-net.ts'
import type { TrainingSet } from './training-rows.ts'

export type Span = readonly [from: number, to: number]

export interface SupervisedOptions {
  readonly set: TrainingSet
  readonly features: readonly FittedFeature[]
  readonly train: Span
  readonly validation: Span
  /** Labels of the training rows that had arrived by then count, epoch milliseconds. */
  readonly knownByMs: number
  readonly seed: number
  readonly epochs: number
  /** No further epoch begins once this has passed. */
  readonly isOver: () => boolean
  readonly onEpoch: (epoch: number, of: number, trainLoss: number, validationLoss: number) => void
}

export interface SupervisedHead {
  readonly net: Sequential
  readonly frauds: number
  readonly calibration: { readonly slope: number; readonly intercept: number }
  readonly loss: { train: number; validation: number }[]
}

const LEAST_FRAUDS = 30
/** Genuine rows that are kept for each fraud, and at least so many. */
const GENUINE_PER_FRAUD = 30
const LEAST_GENUINE = 20_000
const BATCH_ROWS = 1_024
const LEARNING_RATE = 2e-3
/** Epochs without a lower validation loss after which training ends. */
const PATIENCE = 3
const PREDICT_ROWS = 4_096
/** Of the calibration: a higher output never means less fraud. */
const LEAST_SLOPE = 0.1

/** Null when fewer than 30 frauds of the training span, or none of the validation span, are labelled. */
export async function trainSupervised(options: SupervisedOptions): Promise<SupervisedHead | null> {
  const { set, features, train, validation, seed } = options
  const isFraud = (row: number): boolean => (set.labelledMs[row] ?? Number.NaN) <= options.knownByMs
  const rows = Array.from({ length: train[1] - train[0] }, (_, i) => train[0] + i)
  const frauds = rows.filter(isFraud)
  const held = Uint8Array.from({ length: validation[1] - validation[0] }, (_, i) =>
    Number.isFinite(set.labelledMs[validation[0] + i]) ? 1 : 0,
  )
  if (frauds.length < LEAST_FRAUDS || !held.includes(1)) return null
  const random = createRandom(seed, 12)
  const genuine = rows.length - frauds.length
  const kept = Math.min(1, Math.max(LEAST_GENUINE, GENUINE_PER_FRAUD * frauds.length) / genuine)
  const sample = rows.filter((row) => isFraud(row) || random.chance(kept))
  // A sampled net's odds are too high by 1 / kept; its output starts from, and learns, the sample's.
  const shift = Math.log(kept)
  const width = codedWidth(features)
  const net = createSupervisedNet(width, seed, Math.log(frauds.length / (sample.length - frauds.length)))
  const loss = await fit(net, width, sample, isFraud, held, shift, options)
  const outputs = outputsOf(net, set, features, validation)
  const calibration = fitLine({
    xs: outputs,
    truths: held,
    from: { slope: 1, intercept: shift },
    expectedSlope: 1,
    leastSlope: LEAST_SLOPE,
  })
  return { net, frauds: frauds.length, calibration, loss }
}

async function fit(
  net: Sequential,
  width: number,
  sample: number[],
  isFraud: (row: number) => boolean,
  held: Uint8Array,
  shift: number,
  { set, features, validation, seed, epochs, isOver, onEpoch }: SupervisedOptions,
): Promise<SupervisedHead['loss']> {
  const random = createRandom(seed, 13)
  const inputs = new Float32Array(sample.length * width)
  const truths = new Float32Array(sample.length)
  const losses: SupervisedHead['loss'] = []
  let best = Number.POSITIVE_INFINITY
  let bestEpoch = 1
  let bestWeights: tf.Tensor[] = []
  for (let epoch = 1; epoch <= epochs; epoch++) {
    // One epoch is always made: a net that has seen nothing is no model.
    if (epoch > 1 && (isOver() || epoch - bestEpoch > PATIENCE)) break
    shuffle(sample, (below) => random.int(below))
    for (const [i, row] of sample.entries()) {
      codeRow(features, set.matrix, row * features.length, inputs, i * width, width)
      truths[i] = isFraud(row) ? 1 : 0
    }
    const rate = LEARNING_RATE * 0.5 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs))
    net.compile({
      optimizer: tf.train.adam(rate),
      loss: (truth, output) => tf.losses.sigmoidCrossEntropy(truth, output),
    })
    const x = tf.tensor2d(inputs, [sample.length, width])
    const y = tf.tensor2d(truths, [sample.length, 1])
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is not exported; its 0 is silent
    const history = await net.fit(x, y, { batchSize: BATCH_ROWS, epochs: 1, shuffle: false, verbose: 0 })
    tf.dispose([x, y])
    const validationLoss = meanLoss(outputsOf(net, set, features, validation), held, shift)
    const trainLoss = Number(history.history['loss']?.[0])
    losses.push({ train: trainLoss, validation: validationLoss })
    onEpoch(epoch, epochs, trainLoss, validationLoss)
    if (validationLoss >= best) continue
    best = validationLoss
    bestEpoch = epoch
    tf.dispose(bestWeights)
    bestWeights = net.getWeights().map((weight) => weight.clone())
  }
  net.setWeights(bestWeights)
  tf.dispose(bestWeights)
  return losses
}

function outputsOf(
  net: Sequential,
  set: TrainingSet,
  features: readonly FittedFeature[],
  [from, to]: Span,
): Float32Array {
  const width = codedWidth(features)
  const outputs = new Float32Array(to - from)
  for (let start = from; start < to; start += PREDICT_ROWS) {
    const rows = Math.min(PREDICT_ROWS, to - start)
    const inputs = new Float32Array(rows * width)
    for (let i = 0; i < rows; i++)
      codeRow(features, set.matrix, (start + i) * features.length, inputs, i * width, width)
    outputs.set(predict(net, inputs, rows), start - from)
  }
  return outputs
}

/** Mean cross-entropy of outputs, corrected for the sampling. */
function meanLoss(outputs: Float32Array, truths: Uint8Array, shift: number): number {
  let sum = 0
  for (const [i, output] of outputs.entries()) {
    const logOdds = output + shift
    sum += Math.log1p(Math.exp(-Math.abs(logOdds))) + Math.max(0, logOdds) - (truths[i] ?? 0) * logOdds
  }
  return sum / outputs.length
}

function shuffle(order: number[], int: (below: number) => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = int(i + 1)
    const held = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = held
  }
}
