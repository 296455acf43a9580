// Alerts, their runbooks and their tests belong together.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configEntries } from '../../../src/config.ts'
import { ERRORS } from '../../../src/errors.ts'
import { alertRules, DASHBOARDS, ROOT, readDashboard, readText, readYaml } from './files.ts'
import { describeMetrics } from '../../../src/telemetry/metrics.ts'

const RUNBOOKS = readdirSync(join(ROOT, 'docs/runbooks')).map((name) => `docs/runbooks/${name}`)

describe.each(alertRules().map((rule) => [rule.alert, rule] as const))('%s', (alert, rule) => {
  it('says how grave it is, what happens and where to read on', () => {
    expect(['critical', 'warning']).toContain(rule.labels['severity'])
    expect(rule.annotations['summary']).toMatch(/\w/)
    expect(rule.annotations['description']).toMatch(/\w/)
    expect(RUNBOOKS).toContain(rule.annotations['runbook_url'])
  })

  it('has a runbook of its own with what a person woken at night needs', () => {
    const text = readText(rule.annotations['runbook_url'] ?? '')
    expect(text.startsWith(`# ${alert}\n`)).toBe(true)
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual([
      'What it means',
      'What the customer feels',
      'First three commands',
      'How to mend',
      'How to know that it is over',
    ])
    const commands = /```sh\n(?<block>[\s\S]*?)```/.exec(text)?.groups?.['block'] ?? ''
    expect(commands.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toHaveLength(3)
  })

  it('is tested firing and not firing', () => {
    const file = readYaml('grafana/prometheus/alerts.test.yml') as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[]
    }
    const cases = file.tests
      .flatMap((test) => test.alert_rule_test)
      .filter((test) => test.alertname === alert)
    expect(cases.some((test) => test.exp_alerts.length > 0)).toBe(true)
    expect(cases.some((test) => test.exp_alerts.length === 0)).toBe(true)
  })
})

describe('the runbooks', () => {
  it('are all for an alert', () => {
    expect(new Set(RUNBOOKS)).toEqual(new Set(alertRules().map((rule) => rule.annotations['runbook_url'])))
  })

  it.each(RUNBOOKS)(
    '%s names only what exists: runbooks, settings, error codes, panels and metrics',
    (path) => {
      const text = readText(path)
      for (const [, link] of text.matchAll(/\]\((.+?\.md)\)/g))
        expect(RUNBOOKS).toContain(`docs/runbooks/${link}`)
      const sections = new Set(configEntries().map((entry) => entry.path.split('.')[0]))
      const settings = new Set(configEntries().map((entry) => entry.path))
      for (const [, name = ''] of text.matchAll(/`([a-z]+\.[a-zA-Z]+)`/g)) {
        if (sections.has(name.split('.')[0] ?? '')) expect(settings).toContain(name)
      }
      for (const [, code] of text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g))
        expect(Object.keys(ERRORS)).toContain(code)
      const titles = DASHBOARDS.flatMap((file) => readDashboard(file).panels.map((panel) => panel.title))
      for (const [, title] of text.matchAll(/\*([A-Z][^*\n]+)\*/g)) expect(titles).toContain(title)
      const metrics = describeMetrics().flatMap(({ name }) => [name, `${name}_bucket`, `${name}_sum`])
      for (const [name] of text.matchAll(/\bpaysentry_\w+/g)) expect(metrics).toContain(name)
    },
  )
})
