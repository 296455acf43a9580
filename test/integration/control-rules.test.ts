// Rules that change while payments are decided: from the folder and as signed bundles, on two processors, under load.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { generateSigningKey, packBundle } from '../../src/control/bundle.ts'
import {
  type Activation,
  ACTIVATION_KEY,
  activationSchema,
  controlRecord,
  ruleSetKey,
} from '../../src/control/control-record.ts'
import { textOf } from '../support/collector.ts'
import { runPaysentry } from '../support/processor.ts'
import { type ControlledProcessors, controlledProcessors, decided, underLoad } from './control-support.ts'
import { eventually } from './operations-support.ts'

const setUp = controlledProcessors()
const folder = mkdtempSync(join(tmpdir(), 'paysentry-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Fires for every payment of the traffic, and asks for a window that nothing else asks for. */
const RULE = `reasons: { EVERYTHING: { meaning: For this test, customer: We stopped this payment. } }
rules:
  - id: everything
    description: Every payment from 10 on, for this test
    when: payee.merchant.startsWith('mer-') && amount >= 10.0 && count(merchant, '13m') >= 1
    action: review
    reason: EVERYTHING
`
const RULE_TEST = `defaults:
  payer: { account: account-1 }
  payee: { merchant: mer-1 }
tests:
  - name: every payment from 10 on is reviewed
    events:
      - { at: 0s, amount: 1000, expect: { reasons: [EVERYTHING] } }
      - { at: 1s, amount: 999, expect: { silent: [everything] } }
`
const addRule = (dir: string): void => {
  writeFileSync(join(dir, 'everything.test.yaml'), RULE_TEST)
  writeFileSync(join(dir, 'everything.yaml'), RULE)
}

/** Every payment has one decision, under one of the rule sets, and as that rule set says. */
function expectConsistent(processors: ControlledProcessors, before: string, after: string): void {
  const all = decided(processors)
  expect(all).toHaveLength(processors.sent())
  expect(new Set(all.map(({ event }) => event)).size).toBe(processors.sent())
  for (const { versions, reasons } of all) {
    expect([before, after]).toContain(versions.ruleSet)
    expect(reasons.some(({ code }) => code === 'EVERYTHING')).toBe(versions.ruleSet === after)
  }
  for (const hash of [before, after]) expect(all.some(({ versions }) => versions.ruleSet === hash)).toBe(true)
}

/** The activation that stands in the control topic. */
async function standingActivation({ log, topics }: ControlledProcessors): Promise<Activation> {
  let found: Activation | null = null
  const follower = await log.follow({
    topic: topics.control,
    onRecords(records) {
      for (const record of records) {
        if (record.key?.toString() === ACTIVATION_KEY)
          found = activationSchema.parse(JSON.parse(textOf(record)))
      }
    },
  })
  await follower.stop()
  if (found === null) throw new Error('nothing is activated')
  return found
}

it('a changed folder decides from the next batch on; a broken one changes nothing and says so', async () => {
  const processors = await setUp()
  const { decisions, rulesDir } = processors
  const watching = { PAYSENTRY_RULES_WATCH: 'true' }
  const [p1, p2] = await Promise.all([processors.start('p1', watching), processors.start('p2')])
  const before = p1.app.knowledge.ruleSet.hash
  const load = underLoad(processors)
  await decisions.until(() => decisions.records.length >= 100)

  writeFileSync(join(rulesDir, 'broken.yaml'), 'rules:\n  - id: broken\n    when: amout > 1\n')
  p2.app.reloadRules()
  for (const { app, metrics } of [p1, p2]) {
    await eventually(
      async () => (await metrics.text()).includes('paysentry_rules_refused 1'),
      'it is refused',
    )
    expect(app.knowledge.ruleSet.hash).toBe(before)
  }
  rmSync(join(rulesDir, 'broken.yaml'))
  addRule(rulesDir)
  p2.app.reloadRules()
  const isTaken = async () => [p1, p2].every(({ app }) => app.knowledge.ruleSet.hash !== before)
  await eventually(isTaken, 'both have the new rules')
  const after = p1.app.knowledge.ruleSet.hash
  expect(p2.app.knowledge.ruleSet.hash).toBe(after)
  for (const { metrics } of [p1, p2]) expect(await metrics.text()).toContain('paysentry_rules_refused 0')

  const seen = decisions.records.length
  await decisions.until(() => decisions.records.length >= seen + 200)
  await load.stop()
  await decisions.until(() => decisions.records.length >= processors.sent())
  expectConsistent(processors, before, after)
})

it('a signed rule set decides on both processors once it is activated, and the one before after a rollback', async () => {
  const processors = await setUp()
  const { decisions, env, rulesDir, log, topics } = processors
  const keyFile = join(folder, 'key.pem')
  const keygen = await runPaysentry(['rules', 'keygen', '--out', keyFile])
  const control = {
    PAYSENTRY_RULES_SOURCE: 'control',
    PAYSENTRY_RULES_PUBLIC_KEYS: keygen.stdout.trim(),
  }
  const run = async (...args: string[]) => {
    const result = await runPaysentry(args, { ...env, ...control })
    expect(result.code, result.stderr).toBe(0)
    return result.stdout
  }
  await run('rules', 'publish', '--key', keyFile, '--activate', '--author', 'first')
  const [p1, p2] = await Promise.all([processors.start('p1', control), processors.start('p2', control)])
  const before = p1.app.knowledge.ruleSet.hash
  const firstActivation = await standingActivation(processors)
  const both = (hash: string) =>
    eventually(
      async () => [p1, p2].every(({ app }) => app.knowledge.ruleSet.hash === hash),
      `both have ${hash}`,
    )
  const load = underLoad(processors)
  await decisions.until(() => decisions.records.length >= 100)

  addRule(rulesDir)
  const output = await run('rules', 'publish', '--key', keyFile, '--activate', '--author', 'second')
  const after = /published (sha256:[0-9a-f]{64})/.exec(output)?.[1] ?? ''
  expect(after).not.toBe(before)
  await both(after)
  const seen = decisions.records.length
  await decisions.until(() => decisions.records.length >= seen + 200)

  // Signed by a stranger, under the hash that is active: nobody takes it.
  const content = {
    format: 'paysentry-rules-1' as const,
    ruleSet: after,
    files: [{ name: 'a.yaml', text: RULE }],
  }
  const forged = packBundle(content, generateSigningKey().privateKeyPem)
  await log.produce([
    controlRecord(topics.control, ruleSetKey(after), {
      ...forged,
      author: 'stranger',
      at: new Date().toISOString(),
    }),
  ])
  for (const { app, metrics } of [p1, p2]) {
    await eventually(
      async () => (await metrics.text()).includes('paysentry_rules_refused 1'),
      'it is refused',
    )
    expect(app.knowledge.ruleSet.hash).toBe(after)
  }
  expect(await run('rules', 'status')).toMatch(new RegExp(`${after} +active +refused .*stranger`))

  // Without the key nobody can go back to the rule set before: neither unsigned, nor by what was signed for an earlier time.
  const activate = (activation: Activation) =>
    log.produce([controlRecord(topics.control, ACTIVATION_KEY, activation)])
  const stranger = { ruleSet: before, previous: after, author: 'stranger', at: new Date().toISOString() }
  await activate(stranger)
  await activate(firstActivation)
  await log.produce([{ topic: topics.control, key: ACTIVATION_KEY, value: null }])
  for (const { app, metrics } of [p1, p2]) {
    await eventually(
      async () => (await metrics.text()).includes('paysentry_rule_switches_total{outcome="refused"} 4'),
      'all three are refused',
    )
    expect(app.knowledge.ruleSet.hash).toBe(after)
  }
  expect(await run('rules', 'status')).toContain('Refused: ')

  await run('rules', 'rollback', '--key', keyFile, '--author', 'third')
  await both(before)
  for (const { metrics } of [p1, p2]) expect(await metrics.text()).toContain('paysentry_rules_refused 0')
  expect(await run('rules', 'status')).toContain(`${before} was activated by third`)
  await load.stop()
  await decisions.until(() => decisions.records.length >= processors.sent())
  expectConsistent(processors, before, after)
})
