// The report of a backtest as one HTML page: it loads nothing, needs no script, and follows the reader's light or dark.
import { ACTIONS } from '../rules/rule-set.ts'
import { barChart, escaped, rowChart } from './charts.ts'
import { legend, page, section, table } from './page-parts.ts'
import { type BacktestReport, firedRules, type RuleFigures, type SetFigures } from './report.ts'
import { eventsOf } from './difference.ts'
import { percent, whole } from './shown.ts'
import type { ByTruth } from './tally.ts'

const HELD = ['review', 'challenge', 'block'] as const

export function reportPage(report: BacktestReport): string {
  const sections = [
    heading(report),
    tiles(report),
    differenceSection(report),
    section('Alerts by day', daysChart(report.set), legend(HELD)),
    section('Precision and recall by rule', rulesChart(report.set), legend(['precision', 'recall'])),
    section(
      `Money that each rule fired for, in ${report.currency}`,
      moneyChart(report),
      legend(['fraud', 'genuine']),
    ),
    section('Stopped payments by hour of the day, UTC', hoursChart(report.set), legend(['fraud', 'genuine'])),
    section('All rules', rulesTable(report)),
  ]
  return page(`Backtest of ${report.file}`, sections)
}

function heading(report: BacktestReport): string {
  const { file, events, days, from, to, labelled, unlabelled, set, model, rejected } = report
  const bad = Object.entries(rejected).map(([code, count]) => `${escaped(code)} ${count}`)
  return `<header><h1>Backtest</h1>
<p>${escaped(file)}: ${whole(events)} events in ${days.toFixed(1)} days (${from?.slice(0, 10) ?? ''} to ${to?.slice(0, 10) ?? ''}).
${whole(labelled)} events of the recording have a label; payments without one count as ${unlabelled}. Stopped means blocked or challenged.
Fraud whose label comes after the end of the recording counts as if it had none.</p>
<p class="dim">Rules ${escaped(set.hash.slice(0, 19))} · model ${escaped(model ?? 'none')}${bad.length === 0 ? '' : ` · dead letters: ${bad.join(', ')}`}</p></header>`
}

function tiles(report: BacktestReport): string {
  const { set, against } = report
  const tile = (
    name: string,
    value: (set: SetFigures) => string,
    note: (set: SetFigures) => string,
  ): string => {
    const before = against === null ? '' : `<span class="dim">against ${escaped(value(against))}</span>`
    return `<div class="tile"><span>${name}</span><strong>${escaped(value(set))}</strong><span class="dim">${escaped(note(set))}</span>${before}</div>`
  }
  const money = (minor: number): string => `${moneyOf(minor, report)} ${report.currency}`
  return `<div class="tiles">${[
    tile(
      'Fraud stopped',
      (s) => money(s.savedMinor),
      (s) => `${percent(s.recallByMoney)} of its money, ${percent(s.recall)} of events`,
    ),
    tile(
      'Fraud missed',
      (s) => money(s.missedMinor),
      (s) => `alerts cover ${percent(s.alertRecall)} of events`,
    ),
    tile(
      'Genuine stopped',
      (s) => money(s.wronglyStoppedMinor),
      (s) => `${percent(s.genuineStoppedShare, 3)} of payments, ${percent(s.genuineBlockedShare, 3)} blocked`,
    ),
    tile(
      'Alerts a day',
      (s) => s.alertsADay.toFixed(1),
      (s) => `${percent(s.alertPrecision)} of them fraud`,
    ),
  ].join('')}</div>`
}

function daysChart({ days }: SetFigures): string {
  return barChart(
    days.map(({ day, byAction, fraud, stoppedFraud }) => ({
      label: day.slice(5),
      parts: HELD.map((action) => ({ value: byAction[action], style: action })),
      title: `${day}: ${HELD.map((action) => `${action} ${byAction[action]}`).join(', ')}; ${stoppedFraud} of ${fraud} frauds stopped`,
    })),
    { unit: 'alerts by day', format: whole },
  )
}

function hoursChart({ hours }: SetFigures): string {
  return barChart(
    hours.map(({ stoppedFraud, stoppedGenuine, events }, hour) => ({
      label: String(hour),
      parts: [
        { value: stoppedFraud, style: 'fraud' },
        { value: stoppedGenuine, style: 'genuine' },
      ],
      title: `${hour}:00: ${stoppedFraud} frauds and ${stoppedGenuine} genuine payments stopped of ${events} events`,
    })),
    { unit: 'stopped payments by hour', format: whole },
  )
}

function rulesChart(set: SetFigures): string {
  const rows = firedRules(set).map(({ id, precision, recall }) => ({
    label: id,
    bars: [
      { value: precision ?? 0, style: 'precision', shown: percent(precision) },
      { value: recall ?? 0, style: 'recall', shown: percent(recall) },
    ],
  }))
  return rowChart(rows, 1, 'precision and recall by rule')
}

function moneyChart(report: BacktestReport): string {
  const rules = firedRules(report.set).filter(({ fraudMinor, genuineMinor }) => fraudMinor + genuineMinor > 0)
  rules.sort((a, b) => b.fraudMinor + b.genuineMinor - a.fraudMinor - a.genuineMinor)
  const max = Math.max(0, ...rules.flatMap(({ fraudMinor, genuineMinor }) => [fraudMinor, genuineMinor]))
  const rows = rules.map(({ id, fraudMinor, genuineMinor }) => ({
    label: id,
    bars: [
      { value: fraudMinor, style: 'fraud', shown: moneyOf(fraudMinor, report) },
      { value: genuineMinor, style: 'genuine', shown: moneyOf(genuineMinor, report) },
    ],
  }))
  return rowChart(rows, max, 'money by rule')
}

function rulesTable(report: BacktestReport): string {
  const head = [
    'Rule',
    'Mode',
    'Action',
    'Fires',
    'A day',
    'Alone',
    'Precision',
    'Recall',
    'by money',
    'Fraud',
    'Genuine',
  ]
  const row = (rule: RuleFigures): string[] => [
    rule.id,
    rule.mode,
    rule.action,
    whole(rule.fires),
    rule.firesADay.toFixed(1),
    whole(rule.alone),
    percent(rule.precision),
    percent(rule.recall),
    percent(rule.recallByMoney),
    moneyOf(rule.fraudMinor, report),
    moneyOf(rule.genuineMinor, report),
  ]
  const rules = [...report.set.rules].sort((a, b) => b.fires - a.fires)
  return table(head, rules.map(row), 3)
}

function differenceSection(report: BacktestReport): string {
  const { difference, against } = report
  if (difference === null || against === null) return ''
  const volume = ({ fraud, genuine, unknown }: ByTruth): string[] => [
    whole(fraud.events),
    moneyOf(fraud.amountMinor, report),
    whole(genuine.events),
    moneyOf(genuine.amountMinor, report),
    whole(unknown.events),
  ]
  const columns = ['Fraud', 'money', 'Genuine', 'money', 'Unknown']
  const total = difference.changes.reduce((sum, change) => sum + eventsOf(change.volume), 0)
  const order = (action: (typeof ACTIONS)[number]): number => ACTIONS.indexOf(action)
  const changes = difference.changes.map(({ from, to, volume: of }) => [
    `${from} → ${to}${order(to) > order(from) ? ' (stricter)' : ' (milder)'}`,
    ...volume(of),
  ])
  const causes = difference.causes.map(({ rule, what, volume: of }) => [`${rule} ${what}`, ...volume(of)])
  const samples = difference.samples.map(({ event, from, to, truth }) => [event, `${from} → ${to}`, truth])
  return section(
    `Decided differently from ${against.hash.slice(0, 19)}: ${whole(total)} events`,
    total === 0
      ? ''
      : `${table(['Change', ...columns], changes, 1)}<h3>Because</h3>${table(['Rule', ...columns], causes, 1)}<h3>For example</h3>${table(['Event', 'Change', 'Truth'], samples, 3)}`,
  )
}

function moneyOf(minor: number, { minorPerMajor }: BacktestReport): string {
  return whole(minor / minorPerMajor)
}
