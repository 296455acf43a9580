// Both heads together: from rows of feature values to raw scores, and from a row to what made its score.
// raw = calibrated log-odds of fraud + weight × rarity; without a supervised head, the rarity alone.
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { createAttribution } from './attribution.ts'
import { codedWidth, codeRow, codeTransformed, featureOfInput } from './coding.ts'
import type { FittedFeature, Manifest } from './manifest.ts'
import { predict } from './network.ts'
import { rarityOf } from './rarity.ts'
import { createRarityShares, rarityScore } from './rarity-net.ts'
import { transformed } from './scaling.ts'

export interface Nets {
  readonly rarity: LayersModel
  readonly supervised: LayersModel | null
}

export interface HeadScores {
  readonly raw: Float64Array
  readonly rarity: Float64Array
  /** Before calibration; null without a supervised head. */
  readonly logOdds: Float32Array | null
}

export interface Heads {
  /** Raw scores of rows that stand one after another in `values`. */
  score(values: Float64Array, rows: number): HeadScores
  /** Writes each feature's part of the raw score, against a row of usual values, for a row of the last call. */
  explain(row: number, parts: Float64Array): void
  close(): void
}

interface Model extends Pick<Manifest, 'supervised'> {
  readonly features: readonly FittedFeature[]
}

export function createHeads({ features, supervised }: Model, nets: Nets): Heads {
  const width = features.length
  const coded = supervised === null ? 0 : codedWidth(features)
  const rarityShares = createRarityShares(features)
  const explainLogOdds = createLogOddsParts(features, nets.supervised)
  let xs = new Float64Array(0)
  let rarities = new Float32Array(0)
  let inputs = new Float32Array(0)
  let rarity = new Float64Array(0)
  return {
    score(values, rows) {
      if (rarities.length < rows * width) {
        xs = new Float64Array(rows * width)
        rarities = new Float32Array(rows * width)
      }
      if (inputs.length < rows * coded) inputs = new Float32Array(rows * coded)
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < width; i++) {
          const feature = features[i]
          if (feature === undefined) continue
          const x = transformed(values[row * width + i] ?? Number.NaN, feature.transform)
          xs[row * width + i] = x
          rarities[row * width + i] = rarityOf(x, feature)
        }
        if (coded > 0) codeTransformed(features, xs, row * width, inputs, row * coded, coded)
      }
      const powers = predict(nets.rarity, rarities.subarray(0, rows * width), rows)
      rarity = Float64Array.from(powers, rarityScore)
      if (supervised === null || nets.supervised === null) return { raw: rarity, rarity, logOdds: null }
      const logOdds = predict(nets.supervised, inputs.subarray(0, rows * coded), rows)
      const { slope, intercept } = supervised.calibration
      const raw = rarity.map(
        (rare, row) => slope * (logOdds[row] ?? 0) + intercept + supervised.rarityWeight * rare,
      )
      return { raw, rarity, logOdds }
    },
    explain(row, parts) {
      rarityShares(rarities, row * width, parts)
      const weight = (supervised?.rarityWeight ?? 1) * (rarity[row] ?? 0)
      for (let i = 0; i < width; i++) parts[i] = weight * (parts[i] ?? 0)
      if (supervised === null) return
      explainLogOdds(inputs.subarray(row * coded, (row + 1) * coded), supervised.calibration.slope, parts)
    },
    close() {
      nets.rarity.dispose()
      nets.supervised?.dispose()
    },
  }
}

/** Adds the parts of the log-odds to those of the features. */
function createLogOddsParts(features: Model['features'], net: LayersModel | null) {
  if (net === null) return () => undefined
  const width = codedWidth(features)
  const baseline = new Float32Array(width)
  codeRow(
    features,
    Float64Array.from(features, ({ median }) => median),
    0,
    baseline,
    0,
    width,
  )
  const attribute = createAttribution(net, baseline)
  const featureOf = featureOfInput(features)
  const parts = new Float64Array(width)
  return (input: Float32Array, slope: number, out: Float64Array): void => {
    attribute(input, parts)
    for (const [i, part] of parts.entries()) {
      const feature = featureOf[i] ?? 0
      out[feature] = (out[feature] ?? 0) + slope * part
    }
  }
}
