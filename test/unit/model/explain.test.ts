// Completeness: what the features contributed adds up to the difference of the raw score from the baseline, for either head.
import { describe, expect, it } from 'vitest'
import { createHeads } from '../../../src/model/heads.ts'
import type { TrainedModel } from '../../../src/model/model-files.ts'
import { restoreNetwork } from '../../../src/model/network.ts'
import { tinySet, trainTiny } from './tiny-model.ts'

async function headsOf({ manifest, rarity, supervised }: TrainedModel) {
  return createHeads(manifest, {
    rarity: await restoreNetwork(rarity),
    supervised: supervised === null ? null : await restoreNetwork(supervised),
  })
}

/** Rows of payments, and the row of usual values last. */
function rowsOf({ manifest }: TrainedModel): { values: Float64Array; rows: number } {
  const { matrix } = tinySet(300, 11)
  return {
    values: Float64Array.from([...matrix, ...manifest.features.map(({ median }) => median)]),
    rows: 301,
  }
}

describe('the explanation of a score', () => {
  it('adds up to the difference from the baseline with both heads: usual values for the net, nothing rare for the rarity', async () => {
    const model = await trainTiny()
    const heads = await headsOf(model)
    const { values, rows } = rowsOf(model)
    const { raw, logOdds } = heads.score(values, rows)
    const { slope, intercept } = model.manifest.supervised?.calibration ?? { slope: 0, intercept: 0 }
    expect(slope).toBeGreaterThan(0)
    const baseline = slope * (logOdds?.[rows - 1] ?? Number.NaN) + intercept
    const parts = new Float64Array(model.manifest.features.length)
    for (let row = 0; row < rows - 1; row++) {
      heads.explain(row, parts)
      const difference = (raw[row] ?? 0) - baseline
      expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - difference)).toBeLessThan(
        1e-4 * Math.max(1, Math.abs(difference)),
      )
    }
    heads.close()
  })

  it('adds up exactly to the score of a model without labels, whose baseline is 0', async () => {
    const set = tinySet(4_000)
    const model = await trainTiny({ set: { ...set, labelledMs: set.labelledMs.map(() => Number.NaN) } })
    expect(model.supervised).toBeNull()
    const heads = await headsOf(model)
    const { values, rows } = rowsOf(model)
    const { raw } = heads.score(values, rows)
    const parts = new Float64Array(model.manifest.features.length)
    for (let row = 0; row < rows - 1; row++) {
      heads.explain(row, parts)
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(raw[row] ?? Number.NaN, 5)
      for (const part of parts) expect(part).toBeGreaterThanOrEqual(0)
    }
    heads.close()
  })
})
