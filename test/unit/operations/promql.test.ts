// Dashboards and alerts ask for metrics that exist.
import { describe, expect, it } from 'vitest'
import { describeMetrics } from '../../../src/telemetry/metrics.ts'
import { allExpressions } from './files.ts'
import { metricNames } from './promql.ts'

/** Names under which Prometheus stores what is declared; `up` is its own. */
function storedNames(): Set<string> {
  const names = new Set(['up'])
  for (const { name, type } of describeMetrics()) {
    if (type === 'histogram') for (const suffix of ['_bucket', '_sum', '_count']) names.add(name + suffix)
    else names.add(name)
  }
  return names
}

describe('metricNames', () => {
  it('finds the metrics of an expression and nothing else', () => {
    expect(
      metricNames(
        'histogram_quantile(0.99, sum by (le, a_label) (rate(some_seconds_bucket{job="x", b=~"other_metric"}[5m] offset 1d))) > 0.5e3 and on (job) (up or vector(0)) == bool 1',
      ),
    ).toEqual(['some_seconds_bucket', 'up'])
    expect(metricNames('time() - process_start_time_seconds')).toEqual(['process_start_time_seconds'])
  })
})

describe('the expressions of dashboards and alerts', () => {
  it('use declared metrics alone', () => {
    const stored = storedNames()
    for (const expr of allExpressions()) {
      const names = metricNames(expr)
      expect(names, expr).not.toEqual([])
      expect(
        names.filter((name) => !stored.has(name)),
        expr,
      ).toEqual([])
    }
  })

  it('use declared labels alone', () => {
    const labels = new Set(['job', 'instance', 'le', ...describeMetrics().flatMap((metric) => metric.labels)])
    for (const expr of allExpressions()) {
      const grouped = [...expr.matchAll(/\b(?:by|on|without|ignoring) \((?<names>[^)]*)\)/g)]
      const matched = [...expr.matchAll(/(?<names>\w+)\s*(?:=~|!~|!=|=)\s*"/g)]
      for (const { groups } of [...grouped, ...matched]) {
        for (const label of (groups?.['names'] ?? '').split(/[\s,]+/).filter(Boolean)) {
          expect(labels, expr).toContain(label)
        }
      }
    }
  })

  it('show or watch every metric of ours', () => {
    const used = new Set(allExpressions().flatMap(metricNames))
    const unused = describeMetrics()
      .filter((metric) => metric.name.startsWith('paysentry_'))
      .filter(({ name }) => !['', '_bucket', '_sum', '_count'].some((suffix) => used.has(name + suffix)))
    expect(unused).toEqual([])
  })

  it('ask for the metrics of this job, not of everything that Prometheus scrapes', () => {
    for (const expr of allExpressions()) {
      const selectors = [...expr.matchAll(/\{(?<inside>[^}]*)\}/g)]
      expect(selectors.length, expr).toBeGreaterThan(0)
      for (const { groups } of selectors) expect(groups?.['inside'], expr).toContain('job="paysentry"')
    }
  })
})
