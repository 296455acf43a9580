// The breaker on two processors: a rule that stops too much is put into shadow by itself, everywhere, until a person lifts it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runPaysentry } from '../support/processor.ts'
import { controlledProcessors, decided, underLoad } from './control-support.ts'
import { eventually } from './operations-support.ts'

const setUp = controlledProcessors()
const RULE = `reasons: { EVERYTHING: { meaning: For this test, customer: We stopped this payment. } }
rules:
  - id: everything
    description: Every payment from 10 on, for this test
    when: amount >= 10.0
    action: block
    reason: EVERYTHING
`

it('a rule that blocks too large a share is demoted in both processors, and lifted by a person, with no decision lost', async () => {
  const processors = await setUp()
  const { decisions, env, rulesDir } = processors
  writeFileSync(join(rulesDir, 'everything.yaml'), RULE)
  const limits = {
    PAYSENTRY_BREAKER_SHARE: '0.5',
    PAYSENTRY_BREAKER_WINDOW_MS: '600000',
    // Neither processor comes to as many by itself before both together do.
    PAYSENTRY_BREAKER_LEAST_EVENTS: '600',
  }
  const [p1, p2] = await Promise.all([processors.start('p1', limits), processors.start('p2', limits)])
  const load = underLoad(processors)
  const demoted = () => decided(processors).filter(({ versions }) => versions.demoted?.includes('everything'))
  await decisions.until(() => demoted().length >= 100)
  for (const { metrics } of [p1, p2]) {
    await eventually(
      async () => (await metrics.text()).includes('paysentry_rules_demoted 1'),
      'it is demoted',
    )
  }
  const listed = await runPaysentry(['rules', 'breaker', 'list'], env)
  expect(listed.stdout).toMatch(/everything +\d+ +\d+ +100\.0 % +50\.0 %/)

  const seen = decisions.records.length
  const lifted = await runPaysentry(['rules', 'breaker', 'lift', 'everything'], env)
  expect(lifted, lifted.stderr).toMatchObject({ code: 0, stdout: 'everything acts again\n' })
  const isActive = () =>
    decided(processors)
      .slice(seen)
      .some(({ action }) => action === 'block')
  await decisions.until(isActive)
  await load.stop()
  await decisions.until(() => decisions.records.length >= processors.sent())

  const all = decided(processors)
  expect(all).toHaveLength(processors.sent())
  expect(new Set(all.map(({ event }) => event)).size).toBe(processors.sent())
  for (const { versions, action, shadow } of all) {
    const isDemoted = versions.demoted !== undefined
    expect(action).toBe(isDemoted ? 'allow' : 'block')
    expect(shadow).toEqual(isDemoted ? [{ rule: 'everything', action: 'block', demoted: true }] : [])
  }
  expect(all.findIndex(({ versions }) => versions.demoted !== undefined)).toBeGreaterThanOrEqual(300)
})
