// The label-free head: a TensorFlow.js net with fixed weights. Rarities of the features in; each group's mean square, squared and
// added up over groups, out: the fourth power of the 4-norm over the groups' root mean squares.
import * as tf from '@tensorflow/tfjs-core'
import { initializers, input, layers, type LayersModel, model } from '@tensorflow/tfjs-layers'
import type { Feature } from './features.ts'

type Grouped = Pick<Feature, 'group'>

/** Names of the groups, in the order in which they first come. */
export function groupsOf(features: readonly Grouped[]): string[] {
  return [...new Set(features.map(({ group }) => group))]
}

export function createRarityNet(features: readonly Grouped[]): LayersModel {
  const groups = groupsOf(features)
  const sizes = groups.map((group) => features.filter((feature) => feature.group === group).length)
  const rarities = input({ shape: [features.length], name: 'rarities' })
  const square = (name: string, of: typeof rarities) => layers.multiply({ name }).apply([of, of])
  const squares = layers
    .dense({ name: 'groups', units: groups.length, useBias: false, kernelInitializer: 'zeros' })
    .apply(square('squares', one(rarities)))
  const sum = layers
    .dense({ name: 'sum', units: 1, useBias: false, kernelInitializer: initializers.ones() })
    .apply(square('fourth_powers', one(squares)))
  const net = model({ name: 'rarity', inputs: rarities, outputs: one(sum) })
  const kernel = features.flatMap(({ group }) =>
    groups.map((name, i) => (name === group ? 1 / (sizes[i] ?? 1) : 0)),
  )
  const weights = tf.tensor2d(kernel, [features.length, groups.length])
  net.getLayer('groups').setWeights([weights])
  weights.dispose()
  return net
}

type Symbolic = ReturnType<typeof input>

function one(output: tf.Tensor | tf.Tensor[] | Symbolic | Symbolic[]): Symbolic {
  if (Array.isArray(output) || output instanceof tf.Tensor)
    throw new TypeError('expected one symbolic tensor')
  return output
}

/** The head's score: the 4-norm. */
export function rarityScore(output: number): number {
  return Math.sqrt(Math.sqrt(Math.max(0, output)))
}

/**
 * Writes each feature's share of the head's output to `shares`, exactly: they add up to 1, or are all 0 when nothing is rare.
 * The rarities stand from `at` on in `rarities`.
 */
export function createRarityShares(
  features: readonly Grouped[],
): (rarities: Float32Array, at: number, shares: Float64Array) => void {
  const groups = groupsOf(features)
  const groupOf = features.map(({ group }) => groups.indexOf(group))
  const sizes = groups.map((_, i) => groupOf.filter((group) => group === i).length)
  const meanSquares = new Float64Array(groups.length)
  return (rarities, at, shares) => {
    meanSquares.fill(0)
    for (const [i, group] of groupOf.entries())
      meanSquares[group] = (meanSquares[group] ?? 0) + (rarities[at + i] ?? 0) ** 2 / (sizes[group] ?? 1)
    let total = 0
    for (const meanSquare of meanSquares) total += meanSquare ** 2
    for (const [i, group] of groupOf.entries()) {
      const part = ((meanSquares[group] ?? 0) * (rarities[at + i] ?? 0) ** 2) / (sizes[group] ?? 1)
      shares[i] = total > 0 ? part / total : 0
    }
  }
}
