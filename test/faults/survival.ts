// The table at the end of the fault suite: how many faults of each kind, and at each point, were survived in each mode.
import { FAULT_KINDS, nameOf, type Schedule } from './schedule.ts'
import { type Delivery, POINTS, type PointName, pointsOf } from './points.ts'

export interface Played extends Schedule {
  readonly problems: readonly string[]
  readonly events: number
  readonly seconds: number
}

const MODES: readonly Delivery[] = ['at-least-once', 'exactly-once']

/** A Markdown table with a row for every fault that can be drawn, also for one that was not. */
export function survivalTable(played: readonly Played[]): string {
  const counts = new Map<string, number>()
  for (const { delivery, faults, problems } of played) {
    if (problems.length > 0) continue
    for (const fault of faults) {
      const key = `${delivery} ${nameOf(fault)}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  const countOf = (mode: Delivery, name: string): number => counts.get(`${mode} ${name}`) ?? 0
  const rows = everyName().map((name) => [name, ...MODES.map((mode) => countOf(mode, name))] as const)
  const totals = MODES.map((_, i) => rows.reduce((sum, row) => sum + Number(row[i + 1]), 0))
  const lines = [...rows, ['all', ...totals] as const].map((row) => {
    const [name, ...survived] = row
    return `| ${[name, ...survived, Number(survived[0]) + Number(survived[1])].join(' | ')} |`
  })
  return [`| fault survived | ${MODES.join(' | ')} | both |`, '|---|---:|---:|---:|', ...lines].join('\n')
}

function everyName(): string[] {
  return FAULT_KINDS.flatMap((kind) => {
    if (kind !== 'crash' && kind !== 'stall' && kind !== 'answer-lost') return nameOf({ kind, point: null })
    const onWire = kind === 'answer-lost'
    const points = new Set(MODES.flatMap((mode) => pointsOf(mode, onWire)))
    const inOrder = (Object.keys(POINTS) as PointName[]).filter((point) => points.has(point))
    return inOrder.map((point) => nameOf({ kind, point }))
  })
}
