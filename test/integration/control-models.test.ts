// A model that is promoted, and taken back, while two processors decide payments: over a real Kafka, under load.
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { generateSigningKey } from '../../src/control/bundle.ts'
import { controlRecord, type ModelChoice, modelKey, readControl } from '../../src/control/control-record.ts'
import { signModelChoice } from '../../src/control/promotions.ts'
import type { Decision } from '../../src/decision/decision.ts'
import { writeModel } from '../../src/model/model-files.ts'
import { TINY_FEATURES, trainTiny } from '../unit/model/tiny-model.ts'
import { textOf } from '../support/collector.ts'
import { runPaysentry } from '../support/processor.ts'
import { type ControlledProcessors, controlledProcessors, decided, underLoad } from './control-support.ts'
import { eventually } from './operations-support.ts'

const setUp = controlledProcessors()
const folder = mkdtempSync(join(tmpdir(), 'paysentry-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Two models: the second one asks for a window that neither the first nor a rule asks for. */
async function writeModels(dir: string): Promise<void> {
  const windowed = {
    id: 'hour',
    cel: "count(merchant, '17m')",
    description: 'Payments',
    transform: 'linear',
    odd: 'high',
    group: 'hour',
  } as const
  const other = TINY_FEATURES.map((feature) => (feature.id === 'hour' ? windowed : feature))
  writeModel(join(dir, 'one'), await trainTiny({ version: 'one' }))
  writeModel(join(dir, 'two'), await trainTiny({ version: 'two', features: other, seed: 8 }))
  writeFileSync(join(dir, 'current'), 'one\n')
}

/** The last record of the champion's role in the control topic. */
async function lastOfChampion({ log, topics }: ControlledProcessors): Promise<ModelChoice> {
  let found: ModelChoice | null = null
  const follower = await log.follow({
    topic: topics.control,
    onRecords(records) {
      for (const record of records) {
        const change = readControl(record)
        if (typeof change !== 'string' && change.kind === 'model' && change.role === 'champion')
          found = change.choice
      }
    },
  })
  await follower.stop()
  if (found === null) throw new Error('no model was promoted')
  return found
}

it('a promotion switches both processors to the same model between two batches, and a roll back too; a processor with other files keeps its own', async () => {
  const processors = await setUp()
  const { decisions, env } = processors
  const [dir1, dir2] = ['p1', 'p2'].map((name) => join(folder, name))
  if (dir1 === undefined || dir2 === undefined) throw new Error('no folders')
  await writeModels(dir1)
  cpSync(dir1, dir2, { recursive: true })
  const keyFile = join(folder, 'key.pem')
  const keygen = await runPaysentry(['rules', 'keygen', '--out', keyFile])
  const control = {
    PAYSENTRY_MODEL_VERSION: 'current',
    PAYSENTRY_MODEL_SOURCE: 'control',
    PAYSENTRY_RULES_PUBLIC_KEYS: keygen.stdout.trim(),
  }
  const run = async (...args: string[]) => {
    const result = await runPaysentry(['models', ...args], { ...env, ...control, PAYSENTRY_MODEL_DIR: dir1 })
    expect(result.code, result.stderr).toBe(0)
    return result.stdout
  }
  const [p1, p2] = await Promise.all([
    processors.start('p1', { ...control, PAYSENTRY_MODEL_DIR: dir1 }),
    processors.start('p2', { ...control, PAYSENTRY_MODEL_DIR: dir2 }),
  ])
  const one = p1.app.knowledge.scorer?.version ?? ''
  const all = [p1, p2]
  const both = (what: string, is: (knowledge: typeof p1.app.knowledge) => boolean) =>
    eventually(async () => all.every(({ app }) => is(app.knowledge)), what)
  const load = underLoad(processors)
  const more = async () => {
    const seen = decisions.records.length
    await decisions.until(() => decisions.records.length >= seen + 200)
  }
  await more()

  await run('promote', 'two', '--challenger', '--key', keyFile, '--author', 'first')
  await both('both have the challenger', ({ challenger }) => challenger?.version.startsWith('two@') === true)
  await more()
  await run('promote', 'one', '--key', keyFile, '--author', 'second')
  await run('promote', 'two', '--key', keyFile, '--author', 'second')
  await both('both decide by the second model', ({ scorer }) => scorer?.version.startsWith('two@') === true)
  const two = p1.app.knowledge.scorer?.version ?? ''
  expect(await run('list')).toMatch(/two +[0-9a-f]{12} +champion[\s\S]*champion is two@.* promoted by second/)
  await more()
  await run('rollback', '--key', keyFile, '--author', 'third')
  await both('both decide by the first model again', ({ scorer }) => scorer?.version === one)
  await more()

  // The second processor's files are cut meanwhile.
  truncateSync(join(dir2, 'two', 'supervised.bin'), 100)
  await run('promote', 'two', '--key', keyFile, '--author', 'fourth')
  await eventually(async () => p1.app.knowledge.scorer?.version === two, 'the whole one is taken')
  await eventually(
    async () => (await p2.metrics.text()).includes('paysentry_model_refused{role="champion"} 1'),
    'the cut one is refused',
  )
  expect(p2.app.knowledge.scorer?.version).toBe(one)
  await more()
  await load.stop()
  await decisions.until(() => decisions.records.length >= processors.sent())

  const made = decided(processors)
  expect(made).toHaveLength(processors.sent())
  expect(new Set(made.map(({ event }) => event)).size).toBe(processors.sent())
  const pairs = new Set(made.map(({ versions, challenger }) => `${versions.model} ${challenger?.version}`))
  expect([...pairs].sort()).toEqual([`${one} ${two}`, `${one} undefined`, `${two} undefined`].sort())
  // A partition has one owner, so its decisions change models as often as that one was told to: no batch mixes two.
  const byPartition = Map.groupBy(decisions.records, ({ partition }) => partition)
  for (const records of byPartition.values()) {
    const models = records.map((record) => {
      const { versions, challenger } = JSON.parse(textOf(record)) as Decision
      return `${versions.model} ${challenger?.version}`
    })
    const changes = models.filter((model, i) => i > 0 && model !== models[i - 1])
    expect(changes.length).toBeLessThanOrEqual(4)
  }
  for (const { score, challenger } of made) {
    expect(score?.value).toBeGreaterThanOrEqual(0)
    if (challenger !== undefined) expect(challenger.score).toBeGreaterThanOrEqual(0)
  }
})

it('a withdrawal puts the model of the configuration in force on both processors; without the key nobody gives an earlier promotion again, nor takes one back', async () => {
  const processors = await setUp()
  const { env, log, topics } = processors
  const dir = join(folder, 'withdrawn')
  await writeModels(dir)
  const keyFile = join(folder, 'withdrawn.pem')
  const keygen = await runPaysentry(['rules', 'keygen', '--out', keyFile])
  const control = {
    PAYSENTRY_MODEL_VERSION: 'current',
    PAYSENTRY_MODEL_SOURCE: 'control',
    PAYSENTRY_MODEL_DIR: dir,
    PAYSENTRY_RULES_PUBLIC_KEYS: keygen.stdout.trim(),
  }
  const run = async (...args: string[]) => {
    const result = await runPaysentry(['models', ...args], { ...env, ...control })
    expect(result.code, result.stderr).toBe(0)
    return result.stdout
  }
  const all = await Promise.all(['p1', 'p2'].map((name) => processors.start(name, control)))
  const bothDecideBy = (version: string) =>
    eventually(
      async () => all.every(({ app }) => app.knowledge.scorer?.version.startsWith(`${version}@`)),
      `both decide by ${version}`,
    )
  const bothRefused = (count: number) =>
    eventually(async () => {
      const texts = await Promise.all(all.map(({ metrics }) => metrics.text()))
      return texts.every(
        (text) =>
          text.includes(`paysentry_model_switches_total{role="champion",outcome="refused"} ${count}`) &&
          text.includes('paysentry_model_refused{role="champion"} 1'),
      )
    }, `both have refused ${count}`)
  const write = (choice: ModelChoice | null) =>
    log.produce([controlRecord(topics.control, modelKey('champion'), choice)])

  await run('promote', 'two', '--key', keyFile, '--author', 'first')
  await bothDecideBy('two')
  const promotion = await lastOfChampion(processors)
  expect(await run('withdraw', '--key', keyFile, '--author', 'second')).toContain('configuration decides')
  await bothDecideBy('one')
  expect(await run('list')).toMatch(/champion is the one of the configuration.* withdrawn by second/)
  await write(promotion)
  await bothRefused(1)
  await bothDecideBy('one')

  // Back to what was withdrawn: the same model, under a number of its own.
  await run('rollback', '--key', keyFile, '--author', 'third')
  await bothDecideBy('two')
  expect((await lastOfChampion(processors)).number).toBe(3)
  await write(null)
  const stranger = {
    withdrawn: true,
    previous: null,
    author: 'stranger',
    at: new Date().toISOString(),
  } as const
  await write(signModelChoice('champion', stranger, null, generateSigningKey().privateKeyPem))
  await bothRefused(3)
  await bothDecideBy('two')
  const listed = await run('list')
  expect(listed).toMatch(/champion is two@.* promoted by third/)
  expect(listed).toMatch(/Refused: the withdrawal of the champion by stranger .* signed by no key/)

  await run('promote', 'two', '--key', keyFile, '--author', 'fourth')
  for (const { metrics } of all) {
    await eventually(
      async () => (await metrics.text()).includes('paysentry_model_refused{role="champion"} 0'),
      'a promotion that counts ends it',
    )
  }
  // One that starts takes what stands.
  const late = await processors.start('p3', control)
  expect(late.app.knowledge.scorer?.version).toMatch(/^two@/)
})
