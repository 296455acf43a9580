// TensorFlow.js on its WASM backend: with SIMD, which is required, and one thread.
// WebAssembly's arithmetic is the same on every machine, but the binary without SIMD adds up in another order than the one
// with it, and two processors must come to the same decision.
// One thread because a net this small is done before a second one has woken up, and because the sums of a matrix product
// must come out in the same order every time: decisions repeat to the byte.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { AppError } from '../errors.ts'

export const TFJS_VERSION = tf.version_core

/** Loads the WASM binary from the installed package and makes it the backend. May be called again. Throws MODEL_INVALID. */
export async function readyBackend(): Promise<void> {
  if (tf.getBackend() === 'wasm') return
  const require = createRequire(import.meta.url)
  setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'))
  setThreadsCount(1)
  if ((await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) !== true) {
    throw new AppError(
      'MODEL_INVALID',
      'this machine has no SIMD for WebAssembly, without which scores would differ',
    )
  }
  if (await tf.setBackend('wasm')) return
  throw new AppError('MODEL_INVALID', 'the WASM backend of TensorFlow.js does not start on this machine')
}
