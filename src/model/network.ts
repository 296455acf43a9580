// Running, saving and restoring a TensorFlow.js layers model.
import * as tf from '@tensorflow/tfjs-core'
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers'
import { z } from 'zod'

export interface NetworkFiles {
  /** Topology and weight specifications, JSON. */
  readonly topology: string
  /** Float32 weights, as TensorFlow.js lays them out. */
  readonly weights: Uint8Array
}

/**
 * Rows of every prediction: shorter blocks are filled up with zeros. The library may compute matrices of other shapes in
 * another order; of this one shape it is checked when a model is loaded. CPU of one prediction, measured with 38 inputs:
 * 68 µs for 1 row, 144 µs for 64, 336 µs for 256.
 */
export const BLOCK_ROWS = 64

/** What `rows` rows of the net's input come out as, one number a row. */
export function predict(net: LayersModel, input: Float32Array, rows: number): Float32Array {
  const width = input.length / rows
  const output = new Float32Array(rows)
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    const part = input.subarray(row * width, Math.min(rows, row + BLOCK_ROWS) * width)
    output.set(predictBlock(net, filled(part, width), width).subarray(0, part.length / width), row)
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
  // Not `predict`, which cuts the rows into batches of 32 and puts the results together again.
  const y = net.predictOnBatch(x)
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
