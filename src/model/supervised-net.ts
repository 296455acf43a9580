// The supervised head: coded features through dense layers of 64 and 32 to one log-odds of fraud.
import { initializers, layers, type Sequential, sequential } from '@tensorflow/tfjs-layers'

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
