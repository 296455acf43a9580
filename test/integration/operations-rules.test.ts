// Alert rules and dashboards before Prometheus' own tool.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { alertRules, allExpressions, ROOT } from '../unit/operations/files.ts'
import { lintMetrics, promtool, temporaryFolder } from './operations-support.ts'

const PROMETHEUS = join(ROOT, 'grafana/prometheus')

describe('promtool', () => {
  it('accepts the configuration and its rules', async () => {
    const found = `${alertRules().length} rules found`
    expect(await promtool('check', 'config', join(PROMETHEUS, 'prometheus.yml'))).toContain(found)
  })

  it('finds nothing that it would warn of in the rules', async () => {
    expect(
      await promtool('check', 'rules', '--lint=all', '--lint-fatal', join(PROMETHEUS, 'alerts.yml')),
    ).toContain('SUCCESS')
  })

  it('sees every alert fire when it should, and not when it should not', async () => {
    expect(await promtool('test', 'rules', join(PROMETHEUS, 'alerts.test.yml'))).toContain('SUCCESS')
  })

  it('parses every expression of the dashboards', async () => {
    const rules = allExpressions().map((expr, index) => ({ record: `parsed:${index}`, expr }))
    const file = join(temporaryFolder(), 'expressions.yml')
    writeFileSync(file, stringify({ groups: [{ name: 'expressions', rules }] }))
    expect(await promtool('check', 'rules', file)).toContain(`${rules.length} rules found`)
  })

  it('would have found a mistake', async () => {
    const file = join(temporaryFolder(), 'wrong.yml')
    writeFileSync(
      file,
      stringify({ groups: [{ name: 'g', rules: [{ record: 'r', expr: 'sum(rate(x[5m])' }] }] }),
    )
    await expect(promtool('check', 'rules', file)).rejects.toThrow(/unclosed left parenthesis/)
  })
})

describe('the metrics endpoint', () => {
  it('passes the linter of the exposition format with our own names', async () => {
    const text = await createMetrics({ alertsTopic: 'a', now: Date.now, processMetrics: false }).text()
    expect(text.endsWith('\n')).toBe(true)
    expect(await lintMetrics(text)).toBe('')
  })
})
