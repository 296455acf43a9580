// The supervised head: coded features through dense layers of 64 and 32 to one log-odds of fraud.
import type * as tf from '@tensorflow/tfjs-core'
import { initializers, layers, type LayersModel, type Sequential, sequential } from '@tensorflow/tfjs-layers'

const HIDDEN = [64, 32] as const
const DROPOUT = 0.2

/** An untrained net; the same seed gives the same weights. `priorLogit` is the log-odds that it starts from. */
export function createSupervisedNet(width: number, seed: number, priorLogit: number): Sequential {
  const net = sequential({ name: 'supervised' })
  for (const [i, units] of HIDDEN.entries()) {
    net.add(
      layers.dense({
        name: `dense_${i + 1}`,
        units,
        activation: 'relu',
        kernelInitializer: initializers.heNormal({ seed: seed + i }),
        ...(i === 0 ? { inputShape: [width] } : {}),
      }),
    )
    net.add(layers.dropout({ name: `dropout_${i + 1}`, rate: DROPOUT, seed: seed + 10 + i }))
  }
  net.add(
    layers.dense({
      name: 'log_odds',
      units: 1,
      kernelInitializer: initializers.glorotNormal({ seed: seed + 2 }),
      biasInitializer: initializers.constant({ value: priorLogit }),
    }),
  )
  return net
}

/** Steps of the integral: midpoints of the straight line from baseline to row. */
const STEPS = 64

interface Dense {
  readonly kernel: Float32Array
  readonly bias: Float32Array
  readonly units: number
}

/**
 * Integrated gradients (Sundararajan et al., 2017) of the log-odds from a baseline input: writes one part an input; the parts add up to the
 * row's log-odds less the baseline's, up to the error of the midpoint rule. The net's first layer is linear along the path, so that only
 * its 64 slopes are averaged, not one an input.
 */
export function createAttribution(
  net: LayersModel,
  baseline: Float32Array,
): (input: Float32Array, parts: Float64Array) => void {
  const [first, second, last] = ['dense_1', 'dense_2', 'log_odds'].map((name) => denseOf(net, name))
  if (first === undefined || second === undefined || last === undefined)
    throw new TypeError('a net with three dense layers')
  const atBaseline = linear(first, baseline)
  return (input, parts) => {
    const atInput = linear(first, input)
    const slopes = new Float64Array(first.units)
    const hidden = new Float32Array(first.units)
    for (let step = 0; step < STEPS; step++) {
      const along = (step + 0.5) / STEPS
      for (let j = 0; j < first.units; j++) {
        const [from = 0, to = 0] = [atBaseline[j], atInput[j]]
        hidden[j] = Math.max(0, from + along * (to - from))
      }
      const inner = linear(second, hidden)
      for (let j = 0; j < first.units; j++) {
        if ((hidden[j] ?? 0) <= 0) continue
        let slope = 0
        for (let k = 0; k < second.units; k++)
          if ((inner[k] ?? 0) > 0) slope += (second.kernel[j * second.units + k] ?? 0) * (last.kernel[k] ?? 0)
        slopes[j] = (slopes[j] ?? 0) + slope / STEPS
      }
    }
    for (let i = 0; i < input.length; i++) {
      const difference = (input[i] ?? 0) - (baseline[i] ?? 0)
      let part = 0
      if (difference !== 0)
        for (let j = 0; j < first.units; j++)
          part += (slopes[j] ?? 0) * (first.kernel[i * first.units + j] ?? 0)
      parts[i] = difference * part
    }
  }
}

function denseOf(net: LayersModel, name: string): Dense {
  const [kernel, bias] = net.getLayer(name).getWeights()
  if (kernel === undefined || bias === undefined) throw new TypeError(`layer ${name} has no weights`)
  return { kernel: floats(kernel), bias: floats(bias), units: bias.size }
}

function floats(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync())
}

function linear({ kernel, bias, units }: Dense, input: Float32Array): Float32Array {
  const output = Float32Array.from(bias)
  for (let i = 0; i < input.length; i++) {
    const x = input[i] ?? 0
    if (x === 0) continue
    for (let j = 0; j < units; j++) output[j] = (output[j] ?? 0) + x * (kernel[i * units + j] ?? 0)
  }
  return output
}
