// `paysentry models list|diff`, and what `promote` refuses before it asks Kafka.
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { modelsCommand } from '../../../src/cli/models.ts'
import { diffOf } from '../../../src/model/model-diff.ts'
import { type TrainedModel, writeModel } from '../../../src/model/model-files.ts'
import { TINY_FEATURES, trainTiny } from '../model/tiny-model.ts'

let dir = ''
let one: TrainedModel
let two: TrainedModel
let said = ''

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'paysentry-models-'))
  one = await trainTiny({ version: 'one' })
  const features = TINY_FEATURES.map((feature) =>
    feature.id === 'hour'
      ? { ...feature, id: 'hour_of_the_day_at_which_the_payment_was_made_by_the_payer_in_its_time_zone' }
      : feature.id === 'amount'
        ? { ...feature, cel: `amount + 0.0 ${'* 1.0'.repeat(30)}` }
        : feature,
  )
  two = await trainTiny({ version: 'two', features, seed: 9 })
  for (const model of [one, two]) writeModel(join(dir, model.manifest.version), model)
  writeFileSync(join(dir, 'current'), 'one\n')
  cpSync(join(dir, 'two'), join(dir, 'cut'), { recursive: true })
  truncateSync(join(dir, 'cut', 'rarity.bin'), 3)
  vi.stubEnv('PAYSENTRY_MODEL_DIR', dir)
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true })
})
beforeEach(() => {
  said = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

const models = (...args: string[]) =>
  modelsCommand()
    .exitOverride()
    .parseAsync(['node', 'paysentry', ...args])

it('lists the models with their hashes, which decides, and what is wrong with one that is not whole', async () => {
  vi.stubEnv('PAYSENTRY_MODEL_CHALLENGER', 'two')
  await models('list')
  vi.stubEnv('PAYSENTRY_MODEL_CHALLENGER', undefined)
  expect(said).toMatch(/^one +[0-9a-f]{12} +champion /m)
  expect(said).toMatch(/^two +[0-9a-f]{12} +challenger /m)
  expect(said).toMatch(/^cut +[0-9a-f]{12} +refused /m)
  expect(said).toContain('cut: rarity.bin is not the file of the manifest')
  said = ''
  await models('list', '--json')
  expect(JSON.parse(said)).toMatchObject([
    { version: 'cut', state: null, problems: [expect.any(String), expect.any(String)] },
    { version: 'one', state: 'champion', problems: [] },
    { version: 'two', state: null },
  ])
})

it('shows what differs between two models within 80 columns, and all of it as JSON', async () => {
  await models('diff', 'one', 'two')
  const lines = said.split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(said).toContain('- hour\n')
  expect(said).toMatch(/^\+ hour_of_the_day.*…?$/m)
  expect(said).toContain('~ amount cel\n    amount\n    amount + 0.0 * 1.0')
  expect(said).toMatch(/^model AP +[\d.]+ +[\d.]+/m)
  expect(said).toMatch(/^0\.999 +-?[\d.]+ +-?[\d.]+/m)
  said = ''
  await models('diff', 'one', 'two', '--json')
  expect(JSON.parse(said)).toEqual(JSON.parse(JSON.stringify(diffOf(one.manifest, two.manifest))))
})

it('finds nothing that differs between a model and itself', () => {
  const { features, metrics, calibration } = diffOf(one.manifest, one.manifest)
  expect([features.added, features.removed, features.changed]).toEqual([[], [], []])
  for (const { a, b } of [...metrics, ...calibration]) expect(a).toBe(b)
})

it('names the models that there are where one is asked for that is not', async () => {
  await expect(models('diff', 'one', 'three')).rejects.toThrow(
    /has no model "three"; there are: cut, one, two/,
  )
  await expect(models('diff', 'one', '../one')).rejects.toThrow(/has no model/)
})

it('promotes only what a processor would load', async () => {
  await expect(models('promote', 'cut', '--key', 'none.pem')).rejects.toThrow(/rarity\.bin is not the file/)
  await expect(models('promote', 'two', '--key', 'none.pem')).rejects.toThrow(/kafka\.brokers is empty/)
})
