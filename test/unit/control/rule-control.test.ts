// What comes over the control topic, in a processor that keeps everything in this process.
import { HORIZONS } from '../../support/horizons.ts'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { App } from '../../../src/app.ts'
import type { Batch } from '../../../src/batch.ts'
import { signActivation } from '../../../src/control/activations.ts'
import { bundleContent, generateSigningKey, packBundle } from '../../../src/control/bundle.ts'
import {
  ACTIVATION_KEY,
  breakerKey,
  controlRecord,
  listKey,
  ruleSetKey,
} from '../../../src/control/control-record.ts'
import type { Decision } from '../../../src/decision/decision.ts'
import { filesIn, loadRules } from '../../../src/rules/load-rules.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { startEmbedded } from '../../support/embedded.ts'
import { paymentEvent } from '../../support/events.ts'

const BY = { author: 'test', at: '2026-03-01T12:00:00Z' }
const RULE = `reasons: { EVERYTHING: { meaning: For this test, customer: We stopped this payment. } }
rules:
  - id: everything
    description: Every payment from 10 on, for this test
    when: amount >= 10.0 && count(merchant, '13m') >= 1
    action: block
    reason: EVERYTHING
    breaker: { share: 50%, over: 10m, least: 30 }
`

function rulesFolder(withRule: boolean): string {
  const dir = mkdtempSync(join(tmpdir(), 'paysentry-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  cpSync('rules', dir, { recursive: true })
  if (withRule) writeFileSync(join(dir, 'everything.yaml'), RULE)
  return dir
}

interface Embedded {
  readonly app: App
  decide(count: number): Promise<Decision[]>
}

async function embedded(env: Readonly<Record<string, string>>): Promise<Embedded> {
  const waiting = new Set<(batch: Batch) => void>()
  const app = await startEmbedded({
    env: { PAYSENTRY_MODEL_VERSION: 'none', ...env },
    onCompleted: (batch) => waiting.forEach((tell) => tell(batch)),
  })
  onTestFinished(() => app.stop())
  let sent = 0
  return {
    app,
    async decide(count) {
      const done = Promise.withResolvers<Decision[]>()
      const decisions: Decision[] = []
      const tell = (batch: Batch): void => {
        for (const { decision } of batch.events) if (decision !== null) decisions.push(decision)
        if (decisions.length >= count) done.resolve(decisions)
      }
      waiting.add(tell)
      const records = Array.from({ length: count }, () => {
        const id = `evt-${sent++}`
        const value = paymentEvent({
          id,
          time: new Date().toISOString(),
          payer: { account: id },
          instrument: undefined,
          device: undefined,
        })
        return { topic: app.topics.events, key: id, value: JSON.stringify(value) }
      })
      await app.log.produce(records)
      const result = await done.promise
      waiting.delete(tell)
      return result
    },
  }
}

it('a signed rule set decides once it is activated; one signed by a stranger, or one that is not there, changes nothing', async () => {
  const dir = rulesFolder(true)
  const key = generateSigningKey()
  const { app, decide } = await embedded({
    PAYSENTRY_RULES_SOURCE: 'control',
    PAYSENTRY_RULES_PUBLIC_KEYS: key.publicKey,
  })
  const { control } = app.topics
  const before = app.knowledge.ruleSet.hash
  const { hash } = loadRules(dir, { windows: createWindowSet(), horizons: HORIZONS })
  const content = bundleContent(hash, filesIn(dir, 'rules'))
  const activation = signActivation({ ruleSet: hash, previous: null, ...BY }, null, key.privateKeyPem)
  const [first] = await decide(1)
  expect(first).toMatchObject({ action: 'allow', versions: { ruleSet: before } })

  await app.log.produce([controlRecord(control, ACTIVATION_KEY, activation)])
  expect(app.knowledge.ruleSet.hash).toBe(before)
  const forged = packBundle(content, generateSigningKey().privateKeyPem)
  await app.log.produce([controlRecord(control, ruleSetKey(hash), { ...forged, ...BY })])
  expect(app.knowledge.ruleSet.hash).toBe(before)

  const signed = packBundle(content, key.privateKeyPem)
  await app.log.produce([controlRecord(control, ruleSetKey(hash), { ...signed, ...BY })])
  const [second] = await decide(1)
  expect(second).toMatchObject({
    action: 'block',
    versions: { ruleSet: hash },
    reasons: [{ code: 'EVERYTHING' }],
  })

  // The folder decided before; whoever can write to the topic cannot go back to it.
  await app.log.produce([{ topic: control, key: ACTIVATION_KEY, value: null }])
  expect((await decide(1))[0]).toMatchObject({ action: 'block', versions: { ruleSet: hash } })
})

it('with rules.source "folder" activations are passed over', async () => {
  const { app } = await embedded({})
  const before = app.knowledge.ruleSet.hash
  const activation = { ruleSet: `sha256:${'0'.repeat(64)}`, previous: null, ...BY }
  await app.log.produce([controlRecord(app.topics.control, ACTIVATION_KEY, activation)])
  expect(app.knowledge.ruleSet.hash).toBe(before)
})

it('decisions name the lists that they were made with', async () => {
  const { app, decide } = await embedded({})
  const key = listKey({ list: 'mules', holds: 'payee', item: 'pseudonym' })
  expect((await decide(1))[0]?.versions.lists).toBe('none')
  const entry = { expires: null, reason: 'case', ...BY }
  await app.log.produce([controlRecord(app.topics.control, key, entry)])
  expect((await decide(1))[0]?.versions.lists).toMatch(/^lists:[0-9a-f]{32}$/)
  await app.log.produce([controlRecord(app.topics.control, key, null)])
  expect((await decide(1))[0]?.versions.lists).toBe('none')
})

it('a rule that stops too large a share goes into shadow by itself, and acts again once it is lifted', async () => {
  const { app, decide } = await embedded({ PAYSENTRY_RULES_DIR: rulesFolder(true) })
  const { control } = app.topics
  const demoted = Promise.withResolvers<void>()
  const follower = await app.log.follow({
    topic: control,
    onRecords(records) {
      if (records.some(({ key }) => key?.toString() === breakerKey('everything'))) demoted.resolve()
    },
  })
  for (const { action, versions } of await decide(40)) {
    expect([action, versions.demoted]).toEqual(['block', undefined])
  }
  await demoted.promise
  await follower.stop()
  for (const { action, versions, shadow } of await decide(5)) {
    expect(action).toBe('allow')
    expect(versions.demoted).toEqual(['everything'])
    expect(shadow).toEqual([{ rule: 'everything', action: 'block', demoted: true }])
  }
  await app.log.produce([controlRecord(control, breakerKey('everything'), null)])
  expect((await decide(1))[0]).toMatchObject({ action: 'block' })
})

it('a folder with a mistake changes nothing, and a mended one decides from the next batch on', async () => {
  const dir = rulesFolder(false)
  const { app, decide } = await embedded({ PAYSENTRY_RULES_DIR: dir })
  const before = app.knowledge.ruleSet.hash
  writeFileSync(join(dir, 'everything.yaml'), RULE.replace('amount >=', 'amout >='))
  app.reloadRules()
  expect(app.knowledge.ruleSet.hash).toBe(before)
  writeFileSync(join(dir, 'everything.yaml'), RULE)
  app.reloadRules()
  const after = app.knowledge.ruleSet.hash
  expect(after).not.toBe(before)
  expect((await decide(1))[0]).toMatchObject({ action: 'block', versions: { ruleSet: after } })
})
