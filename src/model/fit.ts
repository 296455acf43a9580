// Fitting both heads to a span of rows. Training and evaluation fit alike, so that what is judged is what would have been served.
import { fitCoding } from './coding.ts'
import type { Feature } from './features.ts'
import { createHeads, type Heads, type HeadScores, type Nets } from './heads.ts'
import type { FittedFeature, Manifest } from './manifest.ts'
import { ranking } from './ranking.ts'
import { fitTail } from './rarity.ts'
import { createRarityNet } from './rarity-net.ts'
import { quantileOf } from './scaling.ts'
import {
  type Span,
  type SupervisedHead,
  type SupervisedOptions,
  trainSupervised,
} from './train-supervised.ts'
import type { TrainingSet } from './training-rows.ts'

const CHUNK_ROWS = 4_096
/** Weights of the rarity beside the log-odds that are tried on the validation span. */
const RARITY_WEIGHTS = [0, 0.05, 0.1, 0.2, 0.5, 1, 2] as const

export interface FitOptions extends Omit<SupervisedOptions, 'features'> {
  readonly features: readonly Feature[]
}

type Supervised = NonNullable<Manifest['supervised']>

export interface FittedHeads {
  readonly features: FittedFeature[]
  /** Null when too few frauds were labelled. */
  readonly supervised: Supervised | null
  readonly nets: Nets
  /** The caller closes them, and the nets with them. */
  readonly heads: Heads
}

/** Both heads from the training span, when to stop and how to combine them from the validation span. The backend must be ready. */
export async function fitHeads(options: FitOptions): Promise<FittedHeads> {
  const { set, train, validation } = options
  const features = serveFeatures(options.features, set, train)
  const head = await trainSupervised({ ...options, features })
  const nets = { rarity: createRarityNet(features), supervised: head?.net ?? null }
  const supervised =
    head === null
      ? null
      : combine(createHeads({ features, supervised: plain(head) }, nets), head, set, validation)
  return { features, supervised, nets, heads: createHeads({ features, supervised }, nets) }
}

function serveFeatures(features: readonly Feature[], set: TrainingSet, [from, to]: Span): FittedFeature[] {
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

function plain({ calibration, frauds, loss }: SupervisedHead): Supervised {
  return { calibration, rarityWeight: 0, frauds, epochs: loss.length, loss, reliability: [] }
}

/** The weight of the rarity with which the validation span's labelled frauds rank highest. */
function combine(heads: Heads, head: SupervisedHead, set: TrainingSet, validation: Span): Supervised {
  const { raw, rarity } = scoreRows(heads, set, validation)
  const isFraud = Array.from(raw, (_, i) => Number.isFinite(set.labelledMs[validation[0] + i]))
  const tried = RARITY_WEIGHTS.map((weight) => {
    const combined = raw.map((logOdds, i) => logOdds + weight * (rarity[i] ?? 0))
    return { weight, precision: ranking(combined, isFraud).average_precision }
  })
  const best = tried.reduce((most, next) => (next.precision > most.precision ? next : most))
  return { ...plain(head), rarityWeight: best.weight }
}

/** Scores of the rows from `from` on and before `to`. */
export function scoreRows(
  heads: Heads,
  { matrix, rows }: Pick<TrainingSet, 'matrix' | 'rows'>,
  [from, to]: Span,
): HeadScores {
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
