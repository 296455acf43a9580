// The net: an autoencoder as a TensorFlow.js layers model. What it cannot rebuild from its narrow middle is unusual.
import * as tf from '@tensorflow/tfjs-core'
import {
  initializers,
  layers,
  type LayersModel,
  loadLayersModel,
  type Sequential,
  sequential,
} from '@tensorflow/tfjs-layers'
import { z } from 'zod'

export interface NetworkFiles {
  /** Topology and weight specifications, JSON. */
  readonly topology: string
  /** Float32 weights, as TensorFlow.js lays them out. */
  readonly weights: Uint8Array
}

/** Units of the hidden layers: wide, narrow, wide. */
const HIDDEN = [24, 8, 24] as const

/** An untrained net of `width` inputs and outputs; the same seed gives the same weights. */
export function createNetwork(width: number, seed: number): Sequential {
  // Names of our own: the library counts through all nets of the process, and a model must be the same to the bit each time.
  const net = sequential({ name: 'autoencoder' })
  const units = [...HIDDEN, width]
  for (const [i, size] of units.entries()) {
    const last = i === units.length - 1
    net.add(
      layers.dense({
        name: `dense_${i + 1}`,
        units: size,
        activation: last ? 'linear' : 'tanh',
        kernelInitializer: initializers.glorotUniform({ seed: seed + i }),
        ...(i === 0 ? { inputShape: [width] } : {}),
      }),
    )
  }
  return net
}

/**
 * Rows of every prediction: shorter blocks are filled up with zeros. The library may compute matrices of other shapes in
 * another order; of this one shape it is checked when a model is loaded. CPU of one prediction, measured with 38 inputs:
 * 68 µs for 1 row, 144 µs for 64, 336 µs for 256.
 */
export const BLOCK_ROWS = 64

/** What `rows` rows of the net's input come out as; both are row after row. */
export function predict(net: LayersModel, input: Float32Array, rows: number): Float32Array {
  const width = input.length / rows
  const output = new Float32Array(input.length)
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    const part = input.subarray(row * width, Math.min(rows, row + BLOCK_ROWS) * width)
    output.set(predictBlock(net, filled(part, width), width).subarray(0, part.length), row * width)
  }
  return output
}

function filled(part: Float32Array, width: number): Float32Array {
  if (part.length === BLOCK_ROWS * width) return part
  const block = new Float32Array(BLOCK_ROWS * width)
  block.set(part)
  return block
}

function predictBlock(net: LayersModel, block: Float32Array, width: number): Float32Array {
  const x = tf.tensor2d(block, [BLOCK_ROWS, width])
  // All rows at once: the library's default is 32.
  const y = net.predict(x, { batchSize: BLOCK_ROWS })
  if (Array.isArray(y)) throw new TypeError('a net with one output gave several')
  const output = y.dataSync<'float32'>()
  tf.dispose([x, y])
  return output
}

export async function saveNetwork(net: LayersModel): Promise<NetworkFiles> {
  const saved = Promise.withResolvers<NetworkFiles>()
  await net.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      if (!(weightData instanceof ArrayBuffer)) throw new TypeError('expected the weights in one buffer')
      const topology = JSON.stringify({ modelTopology, weightSpecs }, null, 1)
      saved.resolve({ topology, weights: new Uint8Array(weightData) })
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    }),
  )
  return saved.promise
}

const topologySchema = z.object({
  modelTopology: z.record(z.string(), z.unknown()),
  weightSpecs: z.array(z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.literal('float32') })),
})

/** Rebuilds a saved net. Throws what is wrong with the files, in TensorFlow.js's or zod's words. */
export function restoreNetwork({ topology, weights }: NetworkFiles): Promise<LayersModel> {
  const { modelTopology, weightSpecs } = topologySchema.parse(JSON.parse(topology))
  // A copy: a Buffer read from a file may share its memory with others.
  const weightData = new Uint8Array(weights).buffer
  return loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }))
}
