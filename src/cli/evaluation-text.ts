// The tables of an evaluation for a terminal of 80 columns or more. Pure text.
import { percent, whole } from '../backtest/shown.ts'
import type { EvaluationReport, ScoreFigures } from '../evaluation/report.ts'
import type { Interval } from '../evaluation/resample.ts'
import { figureNotes, headSentences } from '../evaluation/sentences.ts'
import type { Terminal } from './terminal-view.ts'
import { coloured, wrapped } from './trace-text.ts'

const NAME = 13
const COLUMN = 11
const MOST_WIDTH = 100

export function evaluationText(report: EvaluationReport, terminal: Terminal): string {
  const width = Math.min(terminal.width, MOST_WIDTH)
  const lines = [
    ...headSentences(report).flatMap((sentence) => wrapped(sentence, 0, width)),
    '',
    ...scoreTable(report, terminal),
    ...wrapped(figureNotes(report), 0, width).map((line) => coloured(line, 'dim', terminal)),
    ...campaignTable(report, terminal),
    '',
    ...report.warnings.flatMap((warning) => wrapped(`Note: ${warning}`, 0, width)),
  ]
  return `${lines.join('\n')}\n`
}

function scoreTable(report: EvaluationReport, terminal: Terminal): string[] {
  const head = ['AUC', 'AP', 'at 1 % FP', 'at 0.1 %', 'value', 'cards/day']
  return [
    coloured(`${'score'.padEnd(NAME)}${head.map((name) => name.padStart(COLUMN)).join('')}`, 'dim', terminal),
    ...report.scores.flatMap((score) => scoreLines(score, terminal)),
  ]
}

function scoreLines(score: ScoreFigures, terminal: Terminal): string[] {
  const shares = [score.recallAt1, score.recallAt01, score.valueAt1, score.cardPrecision]
  const values = [
    score.auc.value.toFixed(3),
    score.averagePrecision.value.toFixed(3),
    ...shares.map(({ value }) => percent(value)),
  ]
  const spans = [thousandths(score.auc), thousandths(score.averagePrecision), ...shares.map(percentSpan)]
  return [
    `${score.name.padEnd(NAME)}${values.map((text) => text.padStart(COLUMN)).join('')}`,
    coloured(`${''.padEnd(NAME)}${spans.map((text) => text.padStart(COLUMN)).join('')}`, 'dim', terminal),
  ]
}

const CAMPAIGN = 24
const SHORT = {
  model: 'both',
  supervised: 'superv.',
  rarity: 'no lab.',
  mahalanobis: 'Mahal.',
  logistic: 'logist.',
} as const

function campaignTable({ campaigns, scores, resamples }: EvaluationReport, terminal: Terminal): string[] {
  if (campaigns.length === 0) return []
  const names = scores.map(({ id, name }) => (id in SHORT ? SHORT[id as keyof typeof SHORT] : name))
  const column = 8
  const row = (lead: string, cells: readonly string[]): string =>
    `${lead.padEnd(CAMPAIGN)}${cells.map((text) => text.padStart(column)).join('')}`
  return [
    '',
    coloured(row('found at 1 % FP', names), 'dim', terminal),
    ...campaigns.flatMap(({ name, frauds }, i) => {
      const cells = scores.map((score) => score.campaigns[i]?.recallAt1)
      const values = row(
        `${name.slice(0, CAMPAIGN - 7)} ${whole(frauds)}`,
        cells.map((cell) => (cell === undefined ? '–' : percent(cell.value, 0))),
      )
      const spans = row(
        '',
        cells.map((cell) => (cell === undefined ? '' : percentSpan(cell))),
      )
      return resamples === 0 ? [values] : [values, coloured(spans, 'dim', terminal)]
    }),
  ]
}

function thousandths({ low, high }: Interval): string {
  return `${low.toFixed(3).replace(/^0/, '')}–${high.toFixed(3).replace(/^0/, '')}`
}

function percentSpan({ low, high }: Interval): string {
  return `${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)}`
}
