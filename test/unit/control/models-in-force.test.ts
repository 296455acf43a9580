// Promotions over the control topic, in a processor that keeps everything in this process.
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { App } from '../../../src/app.ts'
import type { Batch } from '../../../src/batch.ts'
import { loadConfig } from '../../../src/config.ts'
import { generateSigningKey } from '../../../src/control/bundle.ts'
import {
  controlRecord,
  type ModelChoice,
  modelKey,
  type ModelRole,
} from '../../../src/control/control-record.ts'
import { createModelsInForce } from '../../../src/control/models-in-force.ts'
import { createPromotions, signModelChoice } from '../../../src/control/promotions.ts'
import type { Decision } from '../../../src/decision/decision.ts'
import { sha256 } from '../../../src/model/manifest.ts'
import { writeModel } from '../../../src/model/model-files.ts'
import { startEmbedded } from '../../support/embedded.ts'
import { paymentEvent } from '../../support/events.ts'
import { TINY_FEATURES, trainTiny } from '../model/tiny-model.ts'

const KEY = generateSigningKey()
const BY = { author: 'test', at: '2026-03-01T12:00:00Z' }
let models = ''

beforeAll(async () => {
  models = mkdtempSync(join(tmpdir(), 'paysentry-models-'))
  const windowed = {
    ...TINY_FEATURES[1]!,
    id: 'hour',
    cel: "count(account, '17m')",
    description: 'Payments of the account',
  }
  const other = TINY_FEATURES.map((feature) => (feature.id === 'hour' ? windowed : feature))
  for (const [version, features] of [
    ['one', TINY_FEATURES],
    ['two', other],
    ['three', TINY_FEATURES],
  ] as const)
    writeModel(join(models, version), await trainTiny({ version, features, seed: version.length }))
  writeFileSync(join(models, 'current'), 'one\n')
}, 60_000)
afterAll(() => rmSync(models, { recursive: true }))

interface Embedded {
  readonly app: App
  readonly dir: string
  metrics(): Promise<string>
  decide(): Promise<Decision>
  /** Resolves to the promotion, which follows the one before in its role. */
  promote(version: string, options?: { role?: ModelRole; hash?: string; by?: string }): Promise<ModelChoice>
  /** Takes the promotion back, signed. */
  withdraw(role: ModelRole): Promise<void>
  /** Writes a record of the role, or none, as it is. */
  write(role: ModelRole, choice: ModelChoice | null): Promise<void>
  /** Resolves when as many attempts have ended as were made with this outcome. */
  outcome(role: ModelRole, outcome: string): Promise<void>
}

async function embedded(env: Readonly<Record<string, string>> = {}): Promise<Embedded> {
  const dir = mkdtempSync(join(tmpdir(), 'paysentry-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  cpSync(models, dir, { recursive: true })
  const waiting = new Map<string, (decision: Decision) => void>()
  const app = await startEmbedded({
    env: {
      PAYSENTRY_MODEL_DIR: dir,
      PAYSENTRY_MODEL_SOURCE: 'control',
      PAYSENTRY_RULES_PUBLIC_KEYS: KEY.publicKey,
      ...env,
    },
    onCompleted: ({ events }: Batch) => {
      for (const { decision } of events) if (decision !== null) waiting.get(decision.event)?.(decision)
    },
  })
  onTestFinished(() => app.stop())
  const metrics = async () => (await fetch(`${app.address}/metrics`)).text()
  let sent = 0
  const last: Partial<Record<ModelRole, ModelChoice>> = {}
  const write = (role: ModelRole, choice: ModelChoice | null) =>
    app.log.produce([controlRecord(app.topics.control, modelKey(role), choice)])
  return {
    app,
    dir,
    metrics,
    write,
    async decide() {
      const id = `evt-${sent++}`
      const decided = new Promise<Decision>((resolve) => waiting.set(id, resolve))
      const time = new Date().toISOString()
      const value = paymentEvent({
        id,
        time,
        payer: { account: 'acc' },
        instrument: undefined,
        device: undefined,
      })
      await app.log.produce([{ topic: app.topics.events, key: id, value: JSON.stringify(value) }])
      return decided
    },
    async promote(version, { role = 'champion', by = KEY.privateKeyPem, ...rest } = {}) {
      const hash = rest.hash ?? sha256(readFileSync(join(models, version, 'manifest.json')))
      const content = { version, hash: `sha256:${hash}`, previous: null, ...BY }
      const choice = signModelChoice(role, content, last[role] ?? null, by)
      if (by === KEY.privateKeyPem) last[role] = choice
      await write(role, choice)
      return choice
    },
    async withdraw(role) {
      const content = { withdrawn: true, previous: null, ...BY } as const
      const choice = signModelChoice(role, content, last[role] ?? null, KEY.privateKeyPem)
      last[role] = choice
      await write(role, choice)
    },
    async outcome(role, outcome) {
      const line = new RegExp(`paysentry_model_switches_total\\{role="${role}",outcome="${outcome}"\\} [1-9]`)
      await expect.poll(metrics, { timeout: 10_000, interval: 20 }).toMatch(line)
    },
  }
}

it('a promoted model decides from the next batch on, with the windows that it needs, and the configured one when it is withdrawn', async () => {
  const { app, decide, promote, withdraw, metrics } = await embedded()
  const before = await decide()
  expect(before.versions.model).toMatch(/^one@/)
  await promote('two')
  await expect.poll(async () => (await decide()).versions.model, { timeout: 10_000 }).toMatch(/^two@/)
  const specs = app.knowledge.windows.specs.filter(({ lengthMs }) => lengthMs === 17 * 60_000)
  expect(specs).toHaveLength(1)
  expect((await decide()).score).not.toBeNull()
  expect(await metrics()).toMatch(/build_info\{.*model="two@[0-9a-f]{12}",challenger="none"\} 1/)
  await withdraw('champion')
  await expect
    .poll(async () => (await decide()).versions.model, { timeout: 10_000 })
    .toBe(before.versions.model)
})

it('a challenger scores beside the champion and becomes it; then there is no challenger', async () => {
  const { decide, promote } = await embedded()
  const alone = await decide()
  expect(alone).not.toHaveProperty('challenger')
  await promote('two', { role: 'challenger' })
  await expect.poll(decide, { timeout: 10_000 }).toMatchObject({
    versions: { model: alone.versions.model },
    challenger: { version: expect.stringMatching(/^two@/), score: expect.any(Number) },
  })
  await promote('two')
  await expect.poll(async () => (await decide()).versions.model, { timeout: 10_000 }).toMatch(/^two@/)
  expect(await decide()).not.toHaveProperty('challenger')
  // Another champion again: the challenger stands where it stood.
  await promote('three')
  await expect.poll(async () => (await decide()).versions.model, { timeout: 10_000 }).toMatch(/^three@/)
  expect((await decide()).challenger?.version).toMatch(/^two@/)
})

it('the challenger of the configuration scores from the first batch on', async () => {
  const { decide } = await embedded({ PAYSENTRY_MODEL_CHALLENGER: 'three' })
  expect((await decide()).challenger?.version).toMatch(/^three@/)
})

it.each([
  ['weights that were cut', (dir: string) => truncateSync(join(dir, 'two', 'supervised.bin'), 100)],
  ['another manifest', (dir: string) => writeFileSync(join(dir, 'two', 'manifest.json'), '{}')],
  ['no files at all', (dir: string) => rmSync(join(dir, 'two'), { recursive: true })],
])(
  'a model with %s is refused, as champion and as challenger, and the running ones stay',
  async (_, harm) => {
    const { dir, decide, promote, outcome, metrics } = await embedded({ PAYSENTRY_MODEL_CHALLENGER: 'three' })
    const before = await decide()
    harm(dir)
    await promote('two')
    await outcome('champion', 'refused')
    await promote('two', { role: 'challenger' })
    await outcome('challenger', 'refused')
    const after = await decide()
    expect([after.versions, after.challenger?.version]).toEqual([before.versions, before.challenger?.version])
    expect(await metrics()).toContain('paysentry_model_refused{role="champion"} 1')
    expect(await metrics()).toContain('paysentry_model_refused{role="challenger"} 1')

    rmSync(join(dir, 'two'), { recursive: true, force: true })
    cpSync(join(models, 'two'), join(dir, 'two'), { recursive: true })
    await promote('two')
    await outcome('champion', 'taken')
    expect((await decide()).versions.model).toMatch(/^two@/)
    expect(await metrics()).toContain('paysentry_model_refused{role="champion"} 0')
  },
)

it('a promotion that a stranger signed, or that names another hash, changes nothing', async () => {
  const { decide, promote, outcome } = await embedded()
  const { versions } = await decide()
  await promote('two', { by: generateSigningKey().privateKeyPem })
  await outcome('champion', 'refused')
  await promote('two', { role: 'challenger', hash: 'ab'.repeat(32) })
  await outcome('challenger', 'refused')
  expect(await decide()).toMatchObject({ versions })
})

it('without the key nobody goes back to an earlier model, nor to that of the configuration; who has it can', async () => {
  const { decide, promote, withdraw, write, outcome, metrics } = await embedded()
  const earlier = await promote('three')
  await promote('two')
  await expect.poll(async () => (await decide()).versions.model, { timeout: 10_000 }).toMatch(/^two@/)
  const refusals = (count: number): string =>
    `paysentry_model_switches_total{role="champion",outcome="refused"} ${count}`
  // In process a record is taken before \`write\` resolves.
  await write('champion', earlier)
  expect(await metrics()).toContain(refusals(1))
  await write('champion', null)
  expect(await metrics()).toContain(refusals(2))
  // What becomes of the other role does not make it good.
  await promote('three', { role: 'challenger' })
  await outcome('challenger', 'taken')
  const text = await metrics()
  expect(text).toContain('paysentry_model_refused{role="champion"} 1')
  expect(text).toContain('paysentry_model_refused{role="challenger"} 0')
  expect(await decide()).toMatchObject({
    versions: { model: expect.stringMatching(/^two@/) },
    challenger: { version: expect.stringMatching(/^three@/) },
  })

  await withdraw('challenger')
  await promote('three')
  await expect.poll(async () => (await decide()).versions.model, { timeout: 10_000 }).toMatch(/^three@/)
  expect(await decide()).not.toHaveProperty('challenger')
  expect(await metrics()).toContain('paysentry_model_refused{role="champion"} 0')
})

it('a processor that finds only a promotion that does not count ends: it cannot know by which model the others decide', async () => {
  const config = loadConfig({
    env: { PAYSENTRY_MODEL_SOURCE: 'control', PAYSENTRY_RULES_PUBLIC_KEYS: KEY.publicKey },
  })
  const promotions = createPromotions(config.rules.publicKeys)
  const content = { version: 'two', hash: `sha256:${'ab'.repeat(32)}`, previous: null, ...BY }
  const stranger = generateSigningKey().privateKeyPem
  promotions.champion.take(signModelChoice('champion', content, null, stranger))
  const never = (): never => {
    throw new Error('no model is loaded')
  }
  const models = createModelsInForce({
    config,
    promotions,
    current: never,
    use: never,
    onSwitch: never,
    onRefused: never,
  })
  await expect(models.begin()).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching(/promotion of two .* signed by no key .* promote it with "models promote/),
  })
})

it('with model.source "folder" promotions are passed over, and the folder is taken again when told so', async () => {
  const { app, dir, decide, promote, outcome } = await embedded({ PAYSENTRY_MODEL_SOURCE: 'folder' })
  await promote('two')
  app.reloadModels()
  await outcome('champion', 'same')
  expect((await decide()).versions.model).toMatch(/^one@/)
  writeFileSync(join(dir, 'current'), 'three\n')
  app.reloadModels()
  await outcome('champion', 'taken')
  expect((await decide()).versions.model).toMatch(/^three@/)
})

it('tells the drift of the payments it decided, and begins anew with another model', async () => {
  const { app, decide, promote, metrics } = await embedded({ PAYSENTRY_BATCH_MAX_RECORDS: '16' })
  const records = Array.from({ length: 1_100 }, (_, i) => {
    const time = new Date().toISOString()
    const value = paymentEvent({
      id: `many-${i}`,
      time,
      payer: { account: `acc-${i}` },
      instrument: undefined,
    })
    return { topic: app.topics.events, key: `acc-${i}`, value: JSON.stringify(value) }
  })
  await app.log.produce(records)
  await decide()
  const text = await metrics()
  expect(text).toMatch(/paysentry_model_drift_payments 1[01]\d\d/)
  // Every payment has the same amount, which no training rows have.
  expect(Number(/paysentry_model_psi\{feature="amount"\} ([\d.]+)/.exec(text)?.[1])).toBeGreaterThan(1)
  expect(text).toMatch(/paysentry_model_score_psi [\d.]+/)
  await promote('three')
  await expect.poll(async () => (await decide()).versions.model, { timeout: 10_000 }).toMatch(/^three@/)
  expect(await metrics()).not.toMatch(/^paysentry_model_drift_payments/m)
})
