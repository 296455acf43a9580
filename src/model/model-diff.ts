// What differs between two models, from their manifests alone. Pure.
import { percentileOf } from './calibration.ts'
import type { Manifest } from './manifest.ts'

type Served = Manifest['features'][number]

export interface Pair<T> {
  readonly a: T
  readonly b: T
}

export interface ModelDiff {
  readonly version: Pair<string>
  /** What each was trained on. */
  readonly training: Pair<Manifest['training']>
  readonly supervised: Pair<{ readonly frauds: number; readonly rarityWeight: number } | null>
  /** On each one's own calibration span: by score and measure. */
  readonly metrics: readonly ({ readonly score: string; readonly measure: string } & Pair<number | null>)[]
  /** Raw scores at the percentiles where thresholds lie. */
  readonly calibration: readonly ({ readonly percentile: number } & Pair<number>)[]
  readonly features: {
    readonly count: Pair<number>
    readonly added: readonly Served['id'][]
    readonly removed: readonly Served['id'][]
    readonly changed: readonly FeatureChange[]
  }
}

export interface FeatureChange extends Pair<string | number> {
  readonly id: string
  readonly what: (typeof STATED)[number] | 'median' | 'missing'
}

const STATED = ['cel', 'usual', 'transform', 'odd', 'group'] as const
const PERCENTILES = [0.5, 0.9, 0.99, 0.999] as const
/** A median or a share of unknown values that moved by less is no change of the feature. */
const MOVED = 0.1
const DIGITS = 6

/** `a` is the one before. */
export function diffOf(a: Manifest, b: Manifest): ModelDiff {
  const before = new Map(a.features.map((feature) => [feature.id, feature]))
  const after = new Map(b.features.map((feature) => [feature.id, feature]))
  return {
    version: { a: a.version, b: b.version },
    training: { a: a.training, b: b.training },
    supervised: { a: learned(a), b: learned(b) },
    metrics: metricsOf(a, b),
    calibration: PERCENTILES.map((percentile) => ({
      percentile,
      a: rawAt(percentile, a),
      b: rawAt(percentile, b),
    })),
    features: {
      count: { a: before.size, b: after.size },
      added: b.features.flatMap(({ id }) => (before.has(id) ? [] : [id])),
      removed: a.features.flatMap(({ id }) => (after.has(id) ? [] : [id])),
      changed: a.features.flatMap((feature) => changesOf(feature, after.get(feature.id))),
    },
  }
}

function learned({ supervised }: Manifest): ModelDiff['supervised']['a'] {
  return supervised === null ? null : { frauds: supervised.frauds, rarityWeight: supervised.rarityWeight }
}

function metricsOf(a: Manifest, b: Manifest): ModelDiff['metrics'] {
  const scores = [...new Set([...Object.keys(a.metrics), ...Object.keys(b.metrics)])]
  return scores.flatMap((score) => {
    const [before, after] = [a.metrics[score] ?? {}, b.metrics[score] ?? {}]
    const measures = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return measures.map((measure) => ({
      score,
      measure,
      a: before[measure] ?? null,
      b: after[measure] ?? null,
    }))
  })
}

/** The least raw score of the table that comes to the percentile. */
function rawAt(percentile: number, { calibration }: Manifest): number {
  const raw = calibration.raw.find((score) => percentileOf(score, calibration) >= percentile)
  return short(raw ?? calibration.raw.at(-1) ?? 0)
}

function changesOf(a: Served, b: Served | undefined): FeatureChange[] {
  if (b === undefined) return []
  const changes: FeatureChange[] = []
  for (const what of STATED) {
    if (a[what] !== b[what]) changes.push({ id: a.id, what, a: a[what] ?? 'none', b: b[what] ?? 'none' })
  }
  const moved = Math.abs(a.median - b.median) > MOVED * Math.max(Math.abs(a.median), Math.abs(b.median))
  if (moved) changes.push({ id: a.id, what: 'median', a: short(a.median), b: short(b.median) })
  if (Math.abs(a.missing - b.missing) > MOVED)
    changes.push({ id: a.id, what: 'missing', a: a.missing, b: b.missing })
  return changes
}

function short(value: number): number {
  return Number(value.toPrecision(DIGITS))
}
