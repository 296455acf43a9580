// What holds for every backend of TensorFlow.js that is installed: the golden rows, the same bytes in every batch, and scores that agree.
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, readyBackend } from '../../src/model/backend.ts'
import { loadScorer } from '../../src/model/load-scorer.ts'
import type { Scorer } from '../../src/model/scorer.ts'
import type { BatchEvent } from '../../src/batch.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { HORIZONS } from '../support/horizons.ts'
import { simulatedPayments } from '../unit/model/simulated-payments.ts'

const scores = new Map<Backend, readonly string[]>()

async function load(backend: Backend): Promise<{ scorer: Scorer; payments: readonly BatchEvent[] }> {
  const windows = createWindowSet()
  const options = { dir: 'models', version: 'current', windows, horizons: HORIZONS, explainAbove: 0.9 }
  const scorer = await loadScorer({ ...options, backend })
  const payments = await simulatedPayments({
    windows,
    seed: 77,
    startMs: Date.UTC(2026, 5, 1),
    customers: 100,
    events: 1_500,
    batchRecords: () => 100,
  })
  return { scorer, payments }
}

describe.each(installed())('the backend %s', (backend) => {
  let loaded: Awaited<ReturnType<typeof load>>
  beforeAll(async () => {
    loaded = await load(backend)
  })
  afterAll(() => loaded.scorer.close())

  it('gives the shipped golden rows their scores to 1e-5, and a payment the same bytes in every batch', async () => {
    // Loading checks the golden rows, alone and at each place of a block.
    const { scorer, payments } = loaded
    const alone = payments.flatMap((payment) => scorer.score([payment]).map((score) => JSON.stringify(score)))
    for (const size of [7, 64, payments.length]) {
      const inBatches: string[] = []
      for (let at = 0; at < payments.length; at += size)
        inBatches.push(...scorer.score(payments.slice(at, at + size)).map((score) => JSON.stringify(score)))
      expect(inBatches).toEqual(alone)
    }
    scores.set(backend, alone)
  })

  it('agrees with every other one to 1e-5', () => {
    const valueOf = (text: string): number => Number(/"value":([\d.e-]+)/.exec(text)?.[1])
    for (const others of scores.values()) {
      for (const [i, score] of (scores.get(backend) ?? []).entries())
        expect(Math.abs(valueOf(score) - valueOf(others[i] ?? ''))).toBeLessThanOrEqual(1e-5)
    }
  })
})

it('says how to install the native backend when it is chosen and is not there', async () => {
  const absent = () => Promise.reject(new Error("Cannot find package '@tensorflow/tfjs-node'"))
  await readyBackend('wasm')
  await expect(readyBackend('node', absent)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('npm run setup:tfjs-node'),
  })
})

/** WASM always; the native one where `npm run setup:tfjs-node` has installed it. */
function installed(): Backend[] {
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return ['wasm']
    throw error
  }
  return ['wasm', 'node']
}
