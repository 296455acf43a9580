// Training: rows split by time; both heads from the first part, when to stop and how to combine them from a later one, percentiles
// from the last. The same rows and seed give the same model to the bit.
import { AppError } from '../errors.ts'
import { readyBackend, TFJS_VERSION } from './backend.ts'
import { fitCalibration, percentileOf } from './calibration.ts'
import type { Feature } from './features.ts'
import { fitFingerprint } from './fingerprint.ts'
import { fitHeads, scoreRows } from './fit.ts'
import type { HeadScores } from './heads.ts'
import { FORMAT, type Manifest, sha256 } from './manifest.ts'
import { RARITY_FILES, SUPERVISED_FILES, type TrainedModel } from './model-files.ts'
import { saveNetwork } from './network.ts'
import { ranking } from './ranking.ts'
import { reliability } from './reliability.ts'
import type { Span } from './train-supervised.ts'
import type { TrainingSet } from './training-rows.ts'

/** Parts of the rows, in the order of time. First journals fill; in the gap labels of the training rows arrive. */
const SPLIT = { warmUp: 0.15, train: 0.4, gap: 0.1, validation: 0.15 } as const
const LEAST_ROWS = 512
const GOLDEN_ROWS = 16

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

/** Throws MODEL_INVALID when there are too few rows. */
export async function trainModel(options: TrainOptions): Promise<TrainedModel> {
  const { set } = options
  await readyBackend()
  const { train, gap, validation, calibration } = spans(set.rows)
  const knownByMs = set.timesMs[validation[0]] ?? 0
  const { features, supervised, nets, heads } = await fitHeads({ ...options, train, validation, knownByMs })
  const scores = scoreRows(heads, set, calibration)
  const table = fitCalibration(scores.raw)
  const rarity = await saveNetwork(nets.rarity)
  const supervisedFiles = nets.supervised === null ? null : await saveNetwork(nets.supervised)
  const manifest: Manifest = {
    format: FORMAT,
    kind: 'two-heads',
    version: options.version,
    // Of the newest rows: what is served comes after them, and journals are as full as they get.
    features: features.map((feature, column) => ({
      ...feature,
      fingerprint: fitFingerprint(columnOf(set, column, calibration)),
    })),
    supervised:
      supervised === null
        ? null
        : { ...supervised, reliability: reliabilityOf(scores, supervised, set, calibration) },
    calibration: { raw: [...table.raw], percentile: [...table.percentile] },
    scores: fitFingerprint(scores.raw.map((raw) => percentileOf(raw, table))),
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

type Supervised = NonNullable<Manifest['supervised']>

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

function columnOf({ matrix, rows }: TrainingSet, column: number, [from, to]: Span): Float64Array {
  const width = matrix.length / rows
  return Float64Array.from({ length: to - from }, (_, i) => matrix[(from + i) * width + column] ?? Number.NaN)
}

function size([from, to]: Span): number {
  return to - from
}
