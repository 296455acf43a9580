// A real Prometheus with the shipped configuration scrapes the real endpoint, and answers the dashboards' questions.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import {
  allExpressions,
  alertRules,
  DASHBOARDS,
  expressionsOf,
  ROOT,
  readDashboard,
} from '../unit/operations/files.ts'
import { ARRIVED_MS, batchOf, firedRule } from '../unit/telemetry/batches.ts'
import { startServer } from './http-support.ts'
import { eventually, query, startPrometheus, temporaryFolder } from './operations-support.ts'

it('collects what paysentry counts, and every question of dashboards and alerts has an answer', async () => {
  const metrics = createMetrics({ alertsTopic: 'payments.alerts', now: Date.now })
  metrics.setBuildInfo({ version: '0.1.0', ruleSet: 'sha256:00', model: null, challenger: null })
  metrics.bindJournalCache(() => ({ bytes: 1, limitBytes: 4, entries: 1, evictions: 0 }))
  const features = [{ feature: 'amount', psi: 0.02 }]
  metrics.bindDrift(() => ({ features, score: 0.01, payments: 5_000, filled: 1 }))
  metrics.observeBatch(
    batchOf({
      events: [
        { action: 'allow', score: 0.5 },
        { action: 'block', score: 0.999, fired: [firedRule('burst', 'live')], degraded: ['rate:XAF'] },
      ],
      rejected: ['EVENT_INVALID'],
      lag: 12,
    }),
    ARRIVED_MS + 30,
  )
  const { port } = await startServer({
    metrics,
    readiness: () => Promise.resolve([{ name: 'redis', problem: 'gone' }]),
  })
  const folder = temporaryFolder()
  const prometheus = await startPrometheus(configFor(port, folder), folder)

  const scraped = async () => (await query(prometheus, 'up{job="paysentry"} == 1')).data?.result.length === 1
  await eventually(scraped, 'the endpoint is scraped')
  const value = async (expr: string) => (await query(prometheus, expr)).data?.result[0]?.value[1]
  expect(await value('sum(paysentry_decisions_total{job="paysentry"})')).toBe('2')
  expect(await value('paysentry_journal_cache_bytes / paysentry_journal_cache_limit_bytes')).toBe('0.25')
  expect(await value('histogram_quantile(1, sum by (le) (paysentry_decision_latency_seconds_bucket))')).toBe(
    '0.03',
  )
  expect(await value('paysentry_ready')).toBe('0')

  for (const expr of allExpressions()) {
    const { status, error } = await query(prometheus, expr)
    expect({ expr, status, error }).toEqual({ expr, status: 'success', error: undefined })
  }
  // What compares with an earlier time has none here; what shows only errors that happen has nothing to show.
  const shown = DASHBOARDS.flatMap((path) => expressionsOf(readDashboard(path)))
  for (const expr of shown.filter((text) => !/ offset | > 0$/.test(text))) {
    await eventually(async () => ((await query(prometheus, expr)).data?.result.length ?? 0) > 0, expr)
  }

  const loaded = await fetch(`${prometheus}/api/v1/rules?type=alert`)
  const { data } = (await loaded.json()) as { data: { groups: { rules: { name: string }[] }[] } }
  const names = data.groups.flatMap((group) => group.rules.map((rule) => rule.name))
  expect(names).toEqual(alertRules().map((rule) => rule.alert))
  // The readiness check above has failed from the first scrape on: the alert waits for its two minutes.
  await eventually(async () => {
    const pending = await query(prometheus, 'ALERTS{alertname="PaysentryNotReady", alertstate="pending"}')
    return pending.data?.result.length === 1
  }, 'an alert is pending')
})

/** The shipped configuration, with our port as the target and no time to lose. */
function configFor(port: number, folder: string): string {
  const source = join(ROOT, 'grafana/prometheus')
  const config = parse(readFileSync(join(source, 'prometheus.yml'), 'utf8')) as {
    global: Record<string, string>
    rule_files: string[]
    scrape_configs: { static_configs: { targets: string[] }[] }[]
  }
  config.global = { ...config.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  config.rule_files = config.rule_files.map((file) => join(source, file))
  for (const job of config.scrape_configs) job.static_configs = [{ targets: [`127.0.0.1:${port}`] }]
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, stringify(config))
  return file
}
