// The model as it is served: features of a batch → one prediction → percentile and, for high scores, what made it so.
// A score depends on its event alone, never on what else is in the batch: test/unit/model/scorer.test.ts.
import type { ExpressionView } from '../expression/view.ts'
import { percentileOf } from './calibration.ts'
import type { FeatureReader, UsualReader } from './features.ts'
import type { Heads } from './heads.ts'
import { type Manifest, nameOfModel } from './manifest.ts'
import type { DriftOptions } from './drift.ts'
import type { Contribution, Score } from './score.ts'

/** Contributions that a decision names. */
const NAMED = 5
const SHARE_DECIMALS = 10_000
/** Significant digits of a contribution's value: for people, and the same on every machine. */
const VALUE_DIGITS = 6

export interface Scorer {
  /** `<folder>@<first 12 digits of the manifest's SHA-256>`: names the content, not only the folder. */
  readonly version: string
  /** SHA-256 of the manifest, which names every file of the model by its own, hex. */
  readonly hash: string
  /** What the traffic that it learned from looked like. */
  readonly fingerprint: Pick<DriftOptions, 'features' | 'score' | 'readFeatures'>
  /** One score a view, in order; `views` may be empty. */
  score(views: readonly ExpressionView[]): Score[]
  /** Frees the memory of the net. */
  close(): void
}

export interface ScorerParts {
  readonly hash: string
  readonly manifest: Manifest
  readonly heads: Heads
  readonly readFeatures: FeatureReader
  readonly readUsual: UsualReader
  /** Scores from here on carry contributions, 0 to 1. */
  readonly explainAbove: number
}

export function createScorer(options: ScorerParts): Scorer {
  const { hash, manifest, heads, readFeatures, readUsual, explainAbove } = options
  const { features, calibration } = manifest
  const width = features.length
  const parts = new Float64Array(width)
  let values = new Float64Array(0)

  const usualFor = (view: ExpressionView, feature: number): Pick<Contribution, 'usual' | 'usualOf'> => {
    const own = shown(withoutRemnant(readUsual(view, feature)))
    if (own !== null) return { usual: own, usualOf: 'entity' }
    return { usual: shown(features[feature]?.median) ?? 0, usualOf: 'training' }
  }

  const contributions = (view: ExpressionView, row: number): Contribution[] => {
    heads.explain(row, parts)
    let raised = 0
    for (const part of parts) raised += Math.max(0, part)
    return topParts(parts, NAMED)
      .map((i) => ({
        feature: features[i]?.id ?? '',
        value: shown(values[row * width + i]),
        ...usualFor(view, i),
        share: round((parts[i] ?? 0) / raised),
      }))
      .filter(({ share }) => share > 0)
  }

  return {
    version: nameOfModel(manifest, hash),
    hash,
    fingerprint: { features, score: manifest.scores, readFeatures },
    score(views) {
      if (views.length === 0) return []
      if (values.length < views.length * width) values = new Float64Array(views.length * width)
      for (const [i, view] of views.entries()) readFeatures(view, values, i * width)
      const { raw } = heads.score(values, views.length)
      return views.map((view, row) => {
        const value = percentileOf(raw[row] ?? Number.NaN, calibration)
        return { value, contributions: value >= explainAbove ? contributions(view, row) : [] }
      })
    },
    close: () => heads.close(),
  }
}

/** Indices of the largest parts, largest first; of equal ones the first. */
function topParts(parts: Float64Array, most: number): number[] {
  const top: number[] = []
  for (const [i, part] of parts.entries()) {
    let place = top.length
    while (place > 0 && (parts[top[place - 1] ?? 0] ?? 0) < part) place--
    if (place >= most) continue
    top.splice(place, 0, i)
    if (top.length > most) top.pop()
  }
  return top
}

function round(share: number): number {
  return Math.round(share * SHARE_DECIMALS) / SHARE_DECIMALS
}

/** Sums of amounts that cancel out leave rounding behind. */
function withoutRemnant(value: number): number {
  return Math.abs(value) < 1e-9 ? 0 : value
}

function shown(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(VALUE_DIGITS))
}
