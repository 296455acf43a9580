// The report of an evaluation as one HTML page.
import { barChart, escaped, rowChart } from '../backtest/charts.ts'
import { page, section, table } from '../backtest/page-parts.ts'
import { percent, whole } from '../backtest/shown.ts'
import { type Axis, type Line, lineChart, lineLegend, shareAxis } from './line-chart.ts'
import { bestBaseline, type EvaluationReport, type ScoreFigures } from './report.ts'
import type { Interval } from './resample.ts'
import { figureNotes, headSentences } from './sentences.ts'

export function evaluationPage(report: EvaluationReport): string {
  const { scores } = report
  const key = lineLegend(scores.map(lineOf))
  const sections = [
    heading(report),
    tiles(report),
    section('All scores', scoreTable(report), `<p class="dim">${escaped(figureNotes(report))}</p>`),
    section('Precision and recall', precisionRecall(scores), key),
    section('Recall and false positives', roc(scores), key),
    ...campaignSections(report),
    section('Frauds by day, found at 1 % false positives', daysChart(report), daysLegend(report)),
    section(
      'Precision of the highest cards, by day',
      cardsChart(report),
      lineLegend(shown(report).map(lineOf)),
    ),
    section('Fits', fitsTable(report)),
  ]
  return page(`Evaluation on ${report.source}`, sections, STYLE)
}

/** Heads in colour, baselines grey and dashed, each in its own way. */
const STYLE = `
.line { fill: none; stroke-width: 2; stroke-linejoin: round } .sample { margin-right: 14px; white-space: nowrap }
.sample svg { width: 28px; height: 8px; margin-right: 5px; vertical-align: middle }
.s-model { stroke: var(--genuine); fill: none } .s-supervised { stroke: var(--recall) } .s-rarity { stroke: var(--fraud) }
.s-amount { stroke: var(--dim); stroke-dasharray: 1 4 } .s-max_z { stroke: var(--dim); stroke-dasharray: 4 4 }
.s-mahalanobis { stroke: var(--dim); stroke-dasharray: 9 4 } .s-logistic { stroke: var(--dim); stroke-dasharray: 12 3 2 3 }
.f-model { fill: var(--genuine); background: var(--genuine) } .f-supervised { fill: var(--recall); background: var(--recall) }
.f-rarity { fill: var(--fraud); background: var(--fraud) } .f-baseline, .missed { fill: var(--dim); background: var(--dim) }
.warning { padding: 8px 14px; border-left: 4px solid var(--challenge); background: var(--panel) }
`

function heading(report: EvaluationReport): string {
  const sentences = headSentences(report).map((sentence) => `<p>${escaped(sentence)}</p>`)
  const warnings = report.warnings.map((warning) => `<p class="warning">${escaped(warning)}</p>`)
  return `<header><h1>Evaluation</h1>${sentences.join('\n')}${warnings.join('\n')}</header>`
}

function tiles(report: EvaluationReport): string {
  const [model] = report.scores
  const baseline = bestBaseline(report)
  if (model === undefined) return ''
  const tile = (name: string, of: (score: ScoreFigures) => string, note: string): string =>
    `<div class="tile"><span>${name}</span><strong>${escaped(of(model))}</strong><span class="dim">${escaped(note)}</span>${baseline === null ? '' : `<span class="dim">${escaped(`${baseline.name} ${of(baseline)}`)}</span>`}</div>`
  const value = ({ frauds, payments, fraudMoney }: EvaluationReport['judged']): string =>
    `of ${whole(fraudMoney)} ${report.currency}; fraud is ${percent(frauds / payments, 2)}`
  return `<div class="tiles">${[
    tile(
      'Average precision',
      (s) => s.averagePrecision.value.toFixed(3),
      `95 %: ${span(model.averagePrecision, 3)}`,
    ),
    tile(
      'Frauds at 1 % false positives',
      (s) => percent(s.recallAt1.value),
      `95 %: ${percents(model.recallAt1)}`,
    ),
    tile('Their money', (s) => percent(s.valueAt1.value), value(report.judged)),
    tile(
      `Fraud cards among ${report.cardsADay} a day`,
      (s) => percent(s.cardRecall),
      `${percent(model.cardPrecision.value)} of the cards looked at`,
    ),
  ].join('')}</div>`
}

function scoreTable({ scores }: EvaluationReport): string {
  const head = [
    'Score',
    'AUC',
    'Average precision',
    'At 1 % FP',
    'At 0.1 % FP',
    'Value',
    'Cards/day',
    'Cards found',
  ]
  const rows = scores.map((score) => [
    score.name,
    withSpan(score.auc, 3),
    withSpan(score.averagePrecision, 3),
    withPercents(score.recallAt1),
    withPercents(score.recallAt01),
    withPercents(score.valueAt1),
    withPercents(score.cardPrecision),
    percent(score.cardRecall),
  ])
  const what = scores.map(
    ({ name, about }) => `<li><strong>${escaped(name)}</strong>: ${escaped(about)}</li>`,
  )
  return `${table(head, rows, 1)}<ul class="dim">${what.join('')}</ul>`
}

function lineOf({ id, name }: ScoreFigures): Pick<Line, 'name' | 'style'> {
  return { name, style: `s-${id}` }
}

function precisionRecall(scores: readonly ScoreFigures[]): string {
  const lines = scores.map((score) => ({ ...lineOf(score), points: score.curves.precisionRecall }))
  return lineChart(lines, { x: shareAxis('recall'), y: shareAxis('precision'), what: 'precision by recall' })
}

/** Powers of ten: what happens at one false positive in a hundred must not stick to the axis. */
function roc(scores: readonly ScoreFigures[]): string {
  const log = (value: number): number => Math.log10(Math.max(value, 1e-4))
  const lines = scores.map((score) => ({
    ...lineOf(score),
    points: score.curves.roc.map(({ x, y }) => ({ x: log(x), y })),
  }))
  const ticks = ['0.01 %', '0.1 %', '1 %', '10 %', '100 %'].map((shown, i) => ({ at: i - 4, shown }))
  const x: Axis = { name: 'genuine payments stopped', from: -4, to: 0, ticks }
  return lineChart(lines, { x, y: shareAxis('frauds found'), what: 'recall by false positives' })
}

/** The heads and the best baseline. */
function shown(report: EvaluationReport): ScoreFigures[] {
  const baseline = bestBaseline(report)
  return [...report.scores.filter(({ kind }) => kind === 'head'), ...(baseline === null ? [] : [baseline])]
}

function campaignSections(report: EvaluationReport): string[] {
  const { campaigns } = report
  if (campaigns.length === 0) return []
  const of = shown(report)
  const style = (score: ScoreFigures): string => (score.kind === 'head' ? `f-${score.id}` : 'f-baseline')
  const rows = campaigns.map(({ name, frauds }, i) => ({
    label: `${name} (${frauds})`,
    bars: of.map((score) => {
      const recall = score.campaigns[i]?.recallAt1 ?? { value: 0, low: 0, high: 0 }
      return { value: recall.value, style: style(score), shown: withPercents(recall) }
    }),
  }))
  const key = `<p class="legend">${of.map((score) => `<span class="key ${style(score)}"></span>${escaped(score.name)}`).join(' ')}</p>`
  const head = ['Campaign', 'Frauds', ...of.map(({ name }) => name)]
  const precisions = campaigns.map(({ name, frauds }, i) => [
    name,
    whole(frauds),
    ...of.map(({ campaigns: each }) => {
      const figures = each[i]
      return figures === undefined ? '–' : withSpan(figures.averagePrecision, 2)
    }),
  ])
  return [
    section('Found at 1 % false positives, by campaign', rowChart(rows, 1, 'recall by campaign'), key),
    section('Average precision by campaign, against all genuine payments', table(head, precisions, 1)),
  ]
}

function daysLegend({ scores: [model] }: EvaluationReport): string {
  return `<p class="legend"><span class="key f-model"></span>found by ${escaped(model?.name ?? '')} <span class="key missed"></span>missed</p>`
}

function daysChart({ days, scores: [model] }: EvaluationReport): string {
  const bars = days.map(({ day, payments, frauds }, i) => {
    const found = Math.round((model?.days[i]?.recallAt1 ?? 0) * frauds)
    return {
      label: day.slice(5),
      parts: [
        { value: found, style: 'f-model' },
        { value: frauds - found, style: 'missed' },
      ],
      title: `${day}: ${found} of ${frauds} frauds found among ${whole(payments)} payments`,
    }
  })
  return barChart(bars, { unit: 'frauds by day', format: whole })
}

function cardsChart(report: EvaluationReport): string {
  const { days } = report
  const lines = shown(report).map((score) => ({
    ...lineOf(score),
    points: score.days.flatMap(({ cardPrecision }, i) =>
      cardPrecision === null ? [] : [{ x: i, y: cardPrecision }],
    ),
  }))
  const most = Math.max(0.05, ...lines.flatMap(({ points }) => points.map(({ y }) => y)))
  const every = Math.ceil(days.length / 9)
  const x: Axis = {
    name: 'day',
    from: 0,
    to: Math.max(1, days.length - 1),
    ticks: days.flatMap(({ day }, i) => (i % every === 0 ? [{ at: i, shown: day.slice(5) }] : [])),
  }
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => ({ at: part * most, shown: percent(part * most) }))
  const y: Axis = { name: 'precision', from: 0, to: most, ticks }
  return lineChart(lines, { x, y, what: 'card precision by day' })
}

function fitsTable({ fits }: EvaluationReport): string {
  return table(
    ['Before', 'Payments known', 'Labelled fraud'],
    fits.map(({ day, payments, frauds }) => [day, whole(payments), whole(frauds)]),
    1,
  )
}

function span({ low, high }: Interval, digits: number): string {
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`
}

function percents({ low, high }: Interval): string {
  return `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)} %`
}

function withSpan(interval: Interval, digits: number): string {
  return `${interval.value.toFixed(digits)} (${interval.low.toFixed(digits)}–${interval.high.toFixed(digits)})`
}

function withPercents({ value, low, high }: Interval): string {
  return `${(100 * value).toFixed(0)} % (${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)})`
}
