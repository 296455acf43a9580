// What TensorFlow.js computes on: WASM, or the native library of @tensorflow/tfjs-node where that is installed and chosen.
// WASM runs with SIMD, which is required, and one thread. WebAssembly's arithmetic is the same on every machine, but the binary
// without SIMD adds up in another order than the one with it, and two processors must come to the same decision.
// One thread because a net this small is done before a second one has woken up, and because the sums of a matrix product
// must come out in the same order every time: decisions repeat to the byte.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import util from 'node:util'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import { AppError } from '../errors.ts'

export const TFJS_VERSION = tf.version_core

export type Backend = 'wasm' | 'node'

/** The package that brings the native library; it registers itself when it is imported. */
const NATIVE_PACKAGE: string = '@tensorflow/tfjs-node'
/** TensorFlow.js's own name of it. */
const NATIVE = 'tensorflow'

/**
 * Makes this the backend; without an argument the one that is there already, or else WASM. May be called again. Throws MODEL_INVALID, and
 * CONFIG_INVALID when the native library is not installed.
 */
export async function readyBackend(
  backend?: Backend,
  load: () => Promise<unknown> = loadNative,
): Promise<void> {
  const ready = tf.getBackend()
  if (backend === undefined ? ready === 'wasm' || ready === NATIVE : ready === nameOf(backend)) return
  if (backend === 'node') await readyNative(load)
  else await readyWasm()
}

function nameOf(backend: Backend): string {
  return backend === 'node' ? NATIVE : 'wasm'
}

async function readyWasm(): Promise<void> {
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

async function readyNative(load: () => Promise<unknown>): Promise<void> {
  try {
    await load()
    if (await tf.setBackend(NATIVE)) return
  } catch (cause) {
    throw new AppError(
      'CONFIG_INVALID',
      `model.backend is "node", and ${NATIVE_PACKAGE} cannot be loaded: install it with "npm run setup:tfjs-node", or set model.backend to wasm`,
      { cause },
    )
  }
  throw new AppError('MODEL_INVALID', 'the native backend of TensorFlow.js does not start on this machine')
}

function loadNative(): Promise<unknown> {
  // It calls these two, which Node 24 no longer has.
  const gone = {
    isNullOrUndefined: (value: unknown): boolean => value === null || value === undefined,
    isArray: Array.isArray,
  }
  for (const [name, method] of Object.entries(gone)) if (!(name in util)) Reflect.set(util, name, method)
  return import(NATIVE_PACKAGE)
}
