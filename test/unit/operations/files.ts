// The operations files, read the way the tests look at them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const ROOT = join(import.meta.dirname, '../../..')

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** With `<<` merged, as docker compose reads it. */
export function readYaml(path: string): unknown {
  return parse(readText(path), { merge: true })
}

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export function alertRules(): AlertRule[] {
  const file = readYaml('grafana/prometheus/alerts.yml') as { groups: { rules: AlertRule[] }[] }
  return file.groups.flatMap((group) => group.rules)
}

export interface GridPosition {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly uid: string }
  readonly targets?: readonly { refId: string; expr: string; datasource: { uid: string } }[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly gridPos: GridPosition
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: readonly Panel[]
  readonly annotations: { readonly list: readonly { expr: string; datasource: { uid: string } }[] }
  readonly templating: { readonly list: readonly { query: { query: string }; datasource: { uid: string } }[] }
}

export const DASHBOARDS = ['grafana/dashboards/golden-signals.json'] as const

export function readDashboard(path: string): Dashboard {
  return JSON.parse(readText(path))
}

/** Grafana's variables replaced by what it would put there. */
export function expressionsOf(dashboard: Dashboard): string[] {
  const raw = [
    ...dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr)),
    ...dashboard.annotations.list.map((annotation) => annotation.expr),
    ...dashboard.templating.list.map(({ query }) =>
      query.query.replace(/^label_values\((?<selector>.+), \w+\)$/, '$<selector>'),
    ),
  ]
  return raw.map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'))
}

/** Every PromQL expression that is shipped: dashboards and alert rules. */
export function allExpressions(): string[] {
  return [
    ...DASHBOARDS.flatMap((path) => expressionsOf(readDashboard(path))),
    ...alertRules().map((rule) => rule.expr),
  ]
}
