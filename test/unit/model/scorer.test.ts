import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import type { ExpressionView } from '../../../src/expression/view.ts'
import { checkPositions, loadScorer } from '../../../src/model/load-scorer.ts'
import { type TrainedModel, writeModel } from '../../../src/model/model-files.ts'
import { BLOCK_ROWS } from '../../../src/model/network.ts'
import { createScoreStage } from '../../../src/model/score-stage.ts'
import type { Scorer } from '../../../src/model/scorer.ts'
import { createRandom } from '../../../src/simulator/random.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { batchEventOf, batchOf } from '../../support/batches.ts'
import { HORIZONS } from '../../support/horizons.ts'
import { TINY_FEATURES, tinySet, trainTiny } from './tiny-model.ts'

let model: TrainedModel
let dir: string

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'paysentry-model-'))
  model = await trainTiny()
  writeModel(join(dir, 'tiny'), model)
})
afterAll(() => rmSync(dir, { recursive: true }))

const load = (options: { dir?: string; version?: string; explainAbove?: number } = {}): Promise<Scorer> =>
  loadScorer({
    dir,
    version: 'tiny',
    windows: createWindowSet(),
    horizons: HORIZONS,
    explainAbove: 0.5,
    ...options,
  })

function views(count: number): ExpressionView[] {
  const random = createRandom(3, 1)
  return Array.from({ length: count }, () => {
    const geo = random.chance(0.5) ? { geo: { lat: random.between(-90, 90), lon: 0 } } : {}
    return batchEventOf(
      { channel: random.chance(0.5) ? 'ecommerce' : 'pos', device: geo },
      { amount: random.logNormal(20, 2), timeMs: random.int(86_400_000) },
    )
  })
}

describe('the scorer', () => {
  it('gives an event the same bytes whatever batch it is in', async () => {
    const scorer = await load({ explainAbove: 0 })
    const all = views(300)
    const alone = all.map((view) => JSON.stringify(scorer.score([view])[0]))
    for (const size of [2, 3, 7, 64, 256, 300]) {
      const inBatches: string[] = []
      for (let at = 0; at < all.length; at += size) {
        inBatches.push(...scorer.score(all.slice(at, at + size)).map((score) => JSON.stringify(score)))
      }
      expect(inBatches).toEqual(alone)
    }
    const reversed = scorer.score(all.toReversed()).map((score) => JSON.stringify(score))
    expect(reversed.toReversed()).toEqual(alone)
    scorer.close()
  })

  it('scores from 0 to 1, the odd above the ordinary', async () => {
    const scorer = await load()
    const ordinary = batchEventOf({ channel: 'pos' }, { amount: 15, timeMs: 10 * 3_600_000 })
    const odd = batchEventOf({ channel: 'pos' }, { amount: 90_000, timeMs: 10 * 3_600_000 })
    const [low, high] = scorer.score([ordinary, odd])
    expect(low?.value).toBeLessThan(0.95)
    expect(high?.value).toBeGreaterThan(0.98)
    for (const { value } of scorer.score(views(200))) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(1)
    }
    scorer.close()
  })

  it('gives an event the same score beside events that are anything', async () => {
    const scorer = await load({ explainAbove: 0 })
    const [one, ...others] = views(BLOCK_ROWS + 1)
    const alone = JSON.stringify(scorer.score([one!])[0])
    for (let at = 0; at <= others.length; at++) {
      expect(JSON.stringify(scorer.score(others.toSpliced(at, 0, one!))[at])).toBe(alone)
    }
    scorer.close()
  })

  it('names what made a score, largest first, with shares that make up all of it', async () => {
    const scorer = await load({ explainAbove: 0 })
    const [score] = scorer.score([batchEventOf({ device: { geo: { lat: 50, lon: 8 } } }, { amount: 90_000 })])
    const shares = score?.contributions.map(({ share }) => share) ?? []
    const [largest, ...others] = score?.contributions ?? []
    expect(largest).toMatchObject({ feature: 'amount', value: 90_000, usual: 45_000, usualOf: 'entity' })
    expect(others.map(({ usualOf }) => usualOf)).toEqual(others.map(() => 'training'))
    expect(shares).toEqual(shares.toSorted((a, b) => b - a))
    // There are fewer features than a decision names, so all are here.
    expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 3)
    scorer.close()
  })

  it('says that a value was unknown instead of making one up', async () => {
    const scorer = await load({ explainAbove: 0 })
    const [score] = scorer.score([batchEventOf({})])
    const lat = score?.contributions.find(({ feature }) => feature === 'lat')
    expect(lat?.value ?? null).toBeNull()
    expect(score?.value).toBeGreaterThan(0)
    scorer.close()
  })

  it('explains only scores from the threshold on', async () => {
    const scorer = await load({ explainAbove: 0.9 })
    for (const { value, contributions } of scorer.score(views(200))) {
      expect(contributions.length > 0).toBe(value >= 0.9)
    }
    scorer.close()
  })
})

describe('the score stage', () => {
  it('scores payments and leaves logins and refunds unscored', async () => {
    const scorer = await load()
    const events = (['authorisation', 'login', 'refund', 'transfer'] as const).map((type) =>
      batchEventOf({ type }),
    )
    createScoreStage(scorer)(batchOf(events))
    expect(events.map(({ scored }) => scored !== null)).toEqual([true, false, false, true])
    expect(events.map(({ score }) => Number.isNaN(score))).toEqual([false, true, true, false])
    scorer.close()
  })

  it('lets a challenger score the same payments, and changes nothing else by it', async () => {
    const [scorer, challenger] = [await load(), await load()]
    const types = ['authorisation', 'login'] as const
    const [alone, beside] = [0, 1].map(() => types.map((type) => batchEventOf({ type })))
    createScoreStage(scorer)(batchOf(alone!))
    const onFailed = (error: unknown) => expect.unreachable(String(error))
    createScoreStage(scorer, { challenger, onFailed })(batchOf(beside!))
    const { version } = challenger
    expect(beside!.map(({ challenged }) => challenged)).toEqual([
      { version, score: alone![0]?.scored?.value },
      null,
    ])
    expect(beside!.map((event) => ({ ...event, challenged: null }))).toEqual(alone)
    scorer.close()
    challenger.close()
  })

  it('goes on without the scores of a challenger that fails, and says why', async () => {
    const scorer = await load()
    const score = (): never => {
      throw new RangeError('broken')
    }
    const failing: Scorer = { ...scorer, version: 'next@1', score }
    const failures: string[] = []
    const onFailed = (error: unknown, version: string) => failures.push(`${version}: ${String(error)}`)
    const event = batchEventOf({})
    createScoreStage(scorer, { challenger: failing, onFailed })(batchOf([event]))
    expect(event.scored?.value).toBeGreaterThan(0)
    expect(event.challenged).toEqual({ version: 'next@1', score: null })
    expect(failures).toEqual(['next@1: RangeError: broken'])
    scorer.close()
  })

  it('leaves everything unscored without a model', () => {
    const event = batchEventOf({})
    createScoreStage(null)(batchOf([event]))
    expect(event.scored).toBeNull()
  })
})

describe('loading a model', () => {
  /** A copy of the model, changed, and what loading it says. */
  const refusal = async (change: (folder: string) => void): Promise<AppError> => {
    const copy = mkdtempSync(join(dir, 'copy-'))
    writeModel(join(copy, 'tiny'), model)
    change(join(copy, 'tiny'))
    const error: unknown = await load({ dir: copy }).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (error instanceof AppError) return error
    throw new Error('the model was not refused', { cause: error })
  }
  const editManifest = (edit: (manifest: TrainedModel['manifest']) => void) => (folder: string) => {
    const manifest = structuredClone(model.manifest)
    edit(manifest)
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  }

  it('names the content of the model in its version', async () => {
    const scorer = await load()
    expect(scorer.version).toMatch(/^tiny@[0-9a-f]{12}$/)
    scorer.close()
  })

  it('refuses weights that were changed or cut, and a topology that was changed, all at once', async () => {
    const error = await refusal((folder) => {
      truncateSync(join(folder, 'supervised.bin'), 100)
      const topology = readFileSync(join(folder, 'rarity.json'), 'utf8')
      writeFileSync(join(folder, 'rarity.json'), topology.replace('linear', 'relu'))
    })
    expect(error.code).toBe('MODEL_INVALID')
    expect(error.problems).toHaveLength(2)
    expect(error.message).toContain('rarity.json is not the file of the manifest')
    expect(error.message).toContain('supervised.bin is not the file of the manifest')
  })

  it('refuses a net that does not give the golden rows their scores', async () => {
    const error = await refusal(
      editManifest((manifest) => manifest.golden.forEach((row) => (row.raw += 0.01))),
    )
    expect(error.problems).toHaveLength(model.manifest.golden.length)
    expect(error.problems[0]).toContain('golden row 0')
  })

  it('refuses a machine on which the place in a batch changes a result, if only by the last bit', () => {
    const { manifest } = model
    const width = manifest.features.length
    const faithful = (values: Float64Array, rows: number): Float64Array =>
      Float64Array.from({ length: rows }, (_, row) => values[row * width] ?? 0)
    const drifting = (values: Float64Array, rows: number): Float64Array => {
      const raws = faithful(values, rows)
      if (rows > 1) raws[5] = (raws[5] ?? 0) + 1e-6
      return raws
    }
    expect(checkPositions(manifest, faithful)).toEqual([])
    expect(checkPositions(manifest, drifting)[0]).toContain('at position 5 of a batch')
  })

  it('refuses a model that stands in the folder of another version', async () => {
    const error = await refusal(editManifest((manifest) => Object.assign(manifest, { version: 'other' })))
    expect(error.message).toContain('of version other, not of this folder')
  })

  it('refuses features that do not compile, naming each', async () => {
    const error = await refusal(
      editManifest((manifest) => {
        for (const feature of manifest.features.slice(0, 2)) feature.cel = `${feature.cel} + amuont`
      }),
    )
    expect(error.problems).toHaveLength(2)
    expect(error.problems[0]).toMatch(/feature amount, column \d+: .*amount/)
  })

  it('refuses a manifest of another format, and says how to come by one of this', async () => {
    const error = await refusal(editManifest((manifest) => Object.assign(manifest, { format: 2 })))
    expect(error.message).toContain(
      'has the format 2, and this version of paysentry reads 4: train the model again',
    )
  })

  it('refuses a manifest with other fields than it knows', async () => {
    const error = await refusal(editManifest((manifest) => Object.assign(manifest, { surplus: 3 })))
    expect(error.message).toContain('manifest.json:  Unrecognized key')
  })

  it('says how to get a model where there is none', async () => {
    const error: unknown = await load({ version: 'missing' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'MODEL_INVALID' })
    expect(String(error)).toContain('paysentry train')
  })

  it('follows the file `current`', async () => {
    writeFileSync(join(dir, 'current'), 'tiny\n')
    const scorer = await load({ version: 'current' })
    expect(scorer.version).toMatch(/^tiny@/)
    scorer.close()
  })
})

describe('training', () => {
  it('gives the same model to the bit for the same rows and seed, and another for another seed', async () => {
    const again = await trainTiny()
    expect(again.supervised?.weights).toEqual(model.supervised?.weights)
    expect(model.supervised).not.toBeNull()
    expect(again.manifest).toEqual(model.manifest)
    const other = await trainTiny({ seed: 8 })
    expect(other.supervised?.weights).not.toEqual(model.supervised?.weights)
  })

  it('ranks what breaks the pattern above what follows it', () => {
    for (const score of ['model', 'rarity', 'supervised'])
      expect(model.manifest.metrics[score]?.['auc']).toBeGreaterThan(0.9)
  })

  it('flags unknown values of the feature that has them, and of no other', () => {
    expect(model.manifest.features.map(({ coding }) => coding.flagged)).toEqual([false, false, true, false])
    expect(model.manifest.features).toHaveLength(TINY_FEATURES.length)
  })

  it('learns nothing from shuffled labels: what the supervised head knows comes from them alone', async () => {
    const set = tinySet(4_000)
    const labelledMs = set.labelledMs.map((_, i) => set.labelledMs[(i * 1_357 + 11) % 4_000] ?? Number.NaN)
    const known = labelledMs.map((ms, i) => (Number.isFinite(ms) ? i * 1_000 + 1 : Number.NaN))
    const { manifest } = await trainTiny({ set: { ...set, labelledMs: known } })
    expect(model.manifest.metrics['supervised']?.['average_precision']).toBeGreaterThan(0.9)
    expect(manifest.metrics['supervised']?.['average_precision'] ?? 0).toBeLessThan(0.5)
  })

  it('uses no label that had not arrived when the validation rows begin', async () => {
    const set = tinySet(4_000)
    const late = { ...set, labelledMs: set.labelledMs.map((ms) => ms + 4_000_000) }
    const { manifest, supervised } = await trainTiny({ set: late })
    expect([supervised, manifest.supervised]).toEqual([null, null])
    expect(manifest.metrics['model']).toEqual(manifest.metrics['rarity'])
  })

  it('refuses to train on a handful of rows', async () => {
    await expect(trainTiny({ rows: 300 })).rejects.toMatchObject({ code: 'MODEL_INVALID' })
  })
})
