// Training: rows split by time; both heads from the first part, when to stop and how to combine them from a later one, percentiles
// from the last. The same rows and seed give the same model to the bit.
import { AppError } from '../errors.ts'
import { readyBackend, TFJS_VERSION } from './backend.ts'
import { fitCalibration, percentileOf } from './calibration.ts'
import { fitCoding } from './coding.ts'
import type { Feature } from './features.ts'
import { createHeads, type Heads, type HeadScores } from './heads.ts'
import { type Manifest, sha256 } from './manifest.ts'
import { RARITY_FILES, SUPERVISED_FILES, type TrainedModel } from './model-files.ts'
import { saveNetwork } from './network.ts'
import { ranking } from './ranking.ts'
import { fitTail } from './rarity.ts'
import { createRarityNet } from './rarity-net.ts'
import { reliability } from './reliability.ts'
import { quantileOf } from './scaling.ts'
import { type Span, type SupervisedHead, trainSupervised } from './train-supervised.ts'
import type { TrainingSet } from './training-set.ts'

/** Parts of the rows, in the order of time. First journals fill; in the gap labels of the training rows arrive. */
const SPLIT = { warmUp: 0.15, train: 0.4, gap: 0.1, validation: 0.15 } as const
const LEAST_ROWS = 512
const GOLDEN_ROWS = 16
const CHUNK_ROWS = 4_096
/** Weights of the rarity beside the log-odds that are tried on the validation span. */
const RARITY_WEIGHTS = [0, 0.05, 0.1, 0.2, 0.5, 1, 2] as const

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
  /** No further epoch begins once this has passed. */
  readonly isOver: () => boolean
  readonly onEpoch: (epoch: number, of: number, trainLoss: number, validationLoss: number) => void
}

type Served = Manifest['features'][number]

/** Throws MODEL_INVALID when there are too few rows. */
export async function trainModel(options: TrainOptions): Promise<TrainedModel> {
  const { set } = options
  await readyBackend()
  const { train, gap, validation, calibration } = spans(set.rows)
  const features = serveFeatures(options.features, set, train)
  const rarityNet = createRarityNet(features)
  const knownByMs = set.timesMs[validation[0]] ?? 0
  const head = await trainSupervised({ ...options, features, train, validation, knownByMs })
  const nets = { rarity: rarityNet, supervised: head?.net ?? null }
  const supervised =
    head === null
      ? null
      : combine(createHeads({ features, supervised: plain(head) }, nets), head, set, validation)
  const heads = createHeads({ features, supervised }, nets)
  const scores = scoresOf(heads, set, calibration)
  const table = fitCalibration(scores.raw)
  const rarity = await saveNetwork(rarityNet)
  const supervisedFiles = head === null ? null : await saveNetwork(head.net)
  const manifest: Manifest = {
    format: 2,
    kind: 'two-heads',
    version: options.version,
    features,
    supervised:
      supervised === null
        ? null
        : { ...supervised, reliability: reliabilityOf(scores, supervised, set, calibration) },
    calibration: { raw: [...table.raw], percentile: [...table.percentile] },
    files: {
      [RARITY_FILES.topology]: sha256(rarity.topology),
      [RARITY_FILES.weights]: sha256(rarity.weights),
      ...(supervisedFiles === null
        ? {}
        : {
            [SUPERVISED_FILES.topology]: sha256(supervisedFiles.topology),
            [SUPERVISED_FILES.weights]: sha256(supervisedFiles.weights),
          }),
    },
    training: {
      source: options.source,
      command: options.command,
      seed: options.seed,
      events: options.events,
      payments: set.rows,
      from: new Date(set.fromMs).toISOString(),
      to: new Date(set.toMs).toISOString(),
      rows: {
        train: size(train),
        gap: size(gap),
        validation: size(validation),
        calibration: size(calibration),
      },
      matrix: set.digest,
    },
    metrics: metricsOf(scores, options.features, set, calibration),
    golden: goldenRows(set, calibration, scores.raw).map(({ values, raw }) => ({
      values,
      raw,
      score: percentileOf(raw, table),
    })),
    made: { paysentry: options.paysentry, tensorflow: TFJS_VERSION },
  }
  heads.close()
  return { manifest, rarity, supervised: supervisedFiles }
}

function spans(rows: number): Record<'train' | 'gap' | 'validation' | 'calibration', Span> {
  const at = (share: number): number => Math.floor(rows * share)
  const { warmUp, train, gap, validation } = SPLIT
  const [a, b, c, d] = [
    at(warmUp),
    at(warmUp + train),
    at(warmUp + train + gap),
    at(warmUp + train + gap + validation),
  ]
  if (b - a < LEAST_ROWS)
    throw new AppError('MODEL_INVALID', `${rows} payments are too few to train on; play more events`)
  return { train: [a, b], gap: [b, c], validation: [c, d], calibration: [d, rows] }
}

function serveFeatures(features: readonly Feature[], set: TrainingSet, [from, to]: Span): Served[] {
  return features.map((feature, column) => {
    const values = Float64Array.from(
      { length: to - from },
      (_, i) => set.matrix[(from + i) * features.length + column] ?? Number.NaN,
    )
    const known = values.filter((value) => Number.isFinite(value)).sort()
    return {
      ...feature,
      tail: fitTail(values, feature),
      coding: fitCoding(values, feature),
      missing: Math.round((1 - known.length / values.length) * 1e6) / 1e6,
      usual: quantileOf(known, 0.5),
    }
  })
}

type Supervised = NonNullable<Manifest['supervised']>

function plain({ calibration, frauds, loss }: SupervisedHead): Supervised {
  return { calibration, rarityWeight: 0, frauds, epochs: loss.length, loss, reliability: [] }
}

/** The weight of the rarity with which the validation span's labelled frauds rank highest. */
function combine(heads: Heads, head: SupervisedHead, set: TrainingSet, validation: Span): Supervised {
  const { raw, rarity } = scoresOf(heads, set, validation)
  const isFraud = Array.from(raw, (_, i) => Number.isFinite(set.labelledMs[validation[0] + i]))
  const tried = RARITY_WEIGHTS.map((weight) => {
    const combined = raw.map((logOdds, i) => logOdds + weight * (rarity[i] ?? 0))
    return { weight, precision: ranking(combined, isFraud).average_precision }
  })
  const best = tried.reduce((most, next) => (next.precision > most.precision ? next : most))
  return { ...plain(head), rarityWeight: best.weight }
}

function scoresOf(heads: Heads, { matrix, rows }: TrainingSet, [from, to]: Span): HeadScores {
  const width = matrix.length / rows
  const raw = new Float64Array(to - from)
  const rarity = new Float64Array(to - from)
  const logOdds = new Float32Array(to - from)
  let supervised = false
  for (let start = from; start < to; start += CHUNK_ROWS) {
    const end = Math.min(to, start + CHUNK_ROWS)
    const scores = heads.score(matrix.subarray(start * width, end * width), end - start)
    raw.set(scores.raw, start - from)
    rarity.set(scores.rarity, start - from)
    if (scores.logOdds !== null) logOdds.set(scores.logOdds, start - from)
    supervised = scores.logOdds !== null
  }
  return { raw, rarity, logOdds: supervised ? logOdds : null }
}

function metricsOf(
  { raw, rarity, logOdds }: HeadScores,
  features: readonly Feature[],
  set: TrainingSet,
  [from, to]: Span,
): Manifest['metrics'] {
  const isFraud = set.isFraud.slice(from, to)
  const amount = features.findIndex((feature) => feature.id === 'amount')
  const amounts = raw.map((_, i) => set.matrix[(from + i) * features.length + amount] ?? Number.NaN)
  return {
    model: { ...ranking(raw, isFraud) },
    rarity: { ...ranking(rarity, isFraud) },
    ...(logOdds === null ? {} : { supervised: { ...ranking(logOdds, isFraud) } }),
    amount_alone: { ...ranking(amounts, isFraud) },
    calibration_span: { payments: raw.length, frauds: isFraud.filter(Boolean).length },
  }
}

function reliabilityOf(
  { logOdds }: HeadScores,
  { calibration }: Supervised,
  set: TrainingSet,
  [from, to]: Span,
) {
  const probabilities = Float64Array.from(
    logOdds ?? [],
    (output) => 1 / (1 + Math.exp(-(calibration.slope * output + calibration.intercept))),
  )
  return reliability(
    probabilities,
    Array.from(set.labelledMs.subarray(from, to), (ms) => Number.isFinite(ms)),
  )
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

function size([from, to]: Span): number {
  return to - from
}
