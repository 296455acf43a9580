// Structure of the dashboards, as far as Grafana would stumble over it without a word.
import { describe, expect, it } from 'vitest'
import { DASHBOARDS, type GridPosition, type Panel, readDashboard, readText, readYaml } from './files.ts'

const overlap = (a: GridPosition, b: GridPosition) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

describe.each(DASHBOARDS)('%s', (path) => {
  const dashboard = readDashboard(path)
  const charts = dashboard.panels.filter((panel) => panel.type !== 'row')

  it('names the provisioned data source everywhere', () => {
    const provisioned = readYaml('grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { uid: string }[]
    }
    const known = new Set(provisioned.datasources.map((source) => source.uid))
    const uids = [...readText(path).matchAll(/"datasource": \{[^}]*"uid": "(?<uid>[^"]+)"/g)]
    expect(uids.length).toBeGreaterThan(charts.length)
    for (const { groups } of uids) expect(known).toContain(groups?.['uid'])
  })

  it('gives every panel an id, a title and a place of its own', () => {
    const ids = dashboard.panels.map((panel) => panel.id)
    expect(new Set(ids).size).toBe(ids.length)
    const titles = dashboard.panels.map((panel) => panel.title)
    expect(new Set(titles).size).toBe(titles.length)
    for (const [index, panel] of dashboard.panels.entries()) {
      const { x, w, h } = panel.gridPos
      expect(x >= 0 && w > 0 && h > 0 && x + w <= 24, panel.title).toBe(true)
      for (const other of dashboard.panels.slice(index + 1)) {
        expect(overlap(panel.gridPos, other.gridPos), `${panel.title} and ${other.title}`).toBe(false)
      }
    }
  })

  it('explains every panel, and gives numbers their unit', () => {
    for (const panel of charts) {
      expect(panel.description, panel.title).toMatch(/\w{3}/)
      if (panel.type === 'timeseries' || panel.type === 'stat') {
        expect(panel.fieldConfig?.defaults.unit, panel.title).toBeDefined()
      }
    }
  })

  it('asks something in every panel, each question under its own letter', () => {
    for (const panel of charts) {
      const letters = (panel.targets ?? []).map((target) => target.refId)
      expect(letters.length, panel.title).toBeGreaterThan(0)
      expect(new Set(letters).size, panel.title).toBe(letters.length)
    }
  })

  it('has a line for the latency and the lag at which the alerts stand', () => {
    const line = (title: string) => JSON.stringify(find(dashboard.panels, title).fieldConfig)
    expect(line('Decision latency')).toContain('"value":0.25')
    expect(line('Consumer lag')).toContain('"value":1000')
  })
})

function find(panels: readonly Panel[], title: string): Panel {
  const panel = panels.find((candidate) => candidate.title === title)
  if (panel === undefined) throw new Error(`there is no panel "${title}"`)
  return panel
}
