// The model as it is served: features of a batch → one prediction → percentile and, for high scores, what made it so.
// A score depends on its event alone, never on what else is in the batch: test/unit/model/scorer.test.ts.
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { ExpressionView } from '../expression/view.ts'
import { percentileOf } from './calibration.ts'
import type { FeatureReader } from './features.ts'
import type { Manifest } from './manifest.ts'
import { predict } from './network.ts'
import { createRawScore, encodeRow, inputWidth } from './reconstruction.ts'
import type { Contribution, Score } from './score.ts'

/** Contributions that a decision names. */
const NAMED = 5
const SHARE_DECIMALS = 10_000
/** Significant digits of a contribution's value: for people, and the same on every machine. */
const VALUE_DIGITS = 6

export interface Scorer {
  /** `<folder>@<first 12 digits of the manifest's SHA-256>`: names the content, not only the folder. */
  readonly version: string
  /** One score a view, in order; `views` may be empty. */
  score(views: readonly ExpressionView[]): Score[]
  /** Frees the memory of the net. */
  close(): void
}

export interface ScorerParts {
  readonly version: string
  readonly manifest: Manifest
  readonly net: LayersModel
  readonly readFeatures: FeatureReader
  /** Scores from here on carry contributions, 0 to 1. */
  readonly explainAbove: number
}

export function createScorer({ version, manifest, net, readFeatures, explainAbove }: ScorerParts): Scorer {
  const { features, calibration } = manifest
  const width = inputWidth(features)
  const rawScore = createRawScore(features)
  const parts = new Float64Array(features.length)
  let values = new Float64Array(0)
  let input = new Float32Array(0)

  const contributions = (row: number, raw: number): Contribution[] =>
    features
      .map(({ id, usual }, i) => ({
        feature: id,
        value: shown(values[row + i]),
        usual: shown(usual) ?? 0,
        part: parts[i] ?? 0,
      }))
      .sort((a, b) => b.part - a.part)
      .slice(0, NAMED)
      .map(({ part, ...rest }) => ({ ...rest, share: round(part / features.length / raw) }))
      .filter(({ share }) => share > 0)

  return {
    version,
    score(views) {
      if (views.length === 0) return []
      if (values.length < views.length * features.length) {
        values = new Float64Array(views.length * features.length)
        input = new Float32Array(views.length * width)
      }
      for (const [i, view] of views.entries()) {
        readFeatures(view, values, i * features.length)
        encodeRow(features, values, i * features.length, input, i * width)
      }
      const sent = input.subarray(0, views.length * width)
      const output = predict(net, sent, views.length)
      return views.map((_, i) => {
        const row = i * features.length
        const raw = rawScore(values, row, sent, output, i * width, parts)
        const value = percentileOf(raw, calibration)
        return { value, contributions: value >= explainAbove && raw > 0 ? contributions(row, raw) : [] }
      })
    },
    close: () => void net.dispose(),
  }
}

function round(share: number): number {
  return Math.round(share * SHARE_DECIMALS) / SHARE_DECIMALS
}

function shown(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(VALUE_DIGITS))
}
