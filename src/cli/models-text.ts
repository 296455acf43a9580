// What `paysentry models list` and `models diff` print: at most 80 columns, whatever the models hold.
import type { ModelDiff, Pair } from '../model/model-diff.ts'
import { table } from './list-table.ts'

export interface ListedModel {
  readonly version: string
  /** SHA-256 of the manifest, hex; null when it cannot be read. */
  readonly hash: string | null
  readonly state: 'champion' | 'challenger' | 'before' | null
  readonly trainedOn: { readonly source: string; readonly from: string; readonly to: string } | null
  readonly averagePrecision: number | null
  readonly auc: number | null
  /** Why it cannot be used; none when it can. */
  readonly problems: readonly string[]
}

const WIDTH = 80
const HASH_DIGITS = 12
const NAME_AT_MOST = 20
/** Where the values of A and of B begin. */
const COLUMN = 26

export function modelTable(models: readonly ListedModel[]): string {
  const rows = models.map(({ version, hash, state, trainedOn, averagePrecision, auc, problems }) => [
    cut(version, NAME_AT_MOST),
    hash?.slice(0, HASH_DIGITS) ?? '-',
    problems.length > 0 ? 'refused' : (state ?? ''),
    trainedOn === null ? '-' : `${day(trainedOn.from)} ${day(trainedOn.to)}`,
    averagePrecision === null ? '-' : averagePrecision.toFixed(3),
    auc === null ? '-' : auc.toFixed(3),
  ])
  const problems = models.flatMap(({ version, problems: found }) =>
    found.map((problem) => `${version}: ${problem}\n`),
  )
  return table(['VERSION', 'HASH', 'STATE', 'TRAINED FROM, TO', 'AP', 'AUC'], rows) + problems.join('')
}

export function diffText(diff: ModelDiff): string {
  const { training, supervised, features } = diff
  const of = <T>(pair: Pair<T>, show: (value: T) => string): Pair<string> => ({
    a: show(pair.a),
    b: show(pair.b),
  })
  const trained = (show: (value: ModelDiff['training']['a']) => string) => of(training, show)
  return [
    line('', diff.version),
    'TRAINED ON',
    line(
      'source',
      trained(({ source }) => source),
    ),
    line(
      'from',
      trained(({ from }) => from),
    ),
    line(
      'to',
      trained(({ to }) => to),
    ),
    line(
      'payments',
      trained(({ payments }) => String(payments)),
    ),
    line(
      'seed',
      trained(({ seed }) => String(seed)),
    ),
    line(
      'frauds',
      of(supervised, (head) => (head === null ? 'no labels' : String(head.frauds))),
    ),
    line(
      'weight of rarity',
      of(supervised, (head) => (head === null ? '-' : String(head.rarityWeight))),
    ),
    '',
    'FIGURES, each on its own calibration span',
    ...diff.metrics.map(({ score, measure, a, b }) => line(`${score} ${short(measure)}`, figures(a, b))),
    '',
    'RAW SCORE AT PERCENTILE',
    ...diff.calibration.map(({ percentile, a, b }) => line(String(percentile), figures(a, b))),
    '',
    `FEATURES: ${features.count.a} and ${features.count.b}`,
    ...features.added.map((id) => cut(`+ ${id}`, WIDTH)),
    ...features.removed.map((id) => cut(`- ${id}`, WIDTH)),
    ...features.changed.flatMap(({ id, what, a, b }) => [
      cut(`~ ${id} ${what}`, WIDTH),
      cut(`    ${a}`, WIDTH),
      cut(`    ${b}`, WIDTH),
    ]),
    '',
  ].join('\n')
}

function line(name: string, { a, b }: Pair<string>): string {
  const cell = (text: string): string => cut(text, COLUMN).padEnd(COLUMN + 1)
  return cut(`${cell(name)}${cell(a)}${cut(b, COLUMN)}`.trimEnd(), WIDTH)
}

function figures(a: number | null, b: number | null): Pair<string> {
  const change = a === null || b === null || a === b ? '' : ` (${b > a ? '+' : ''}${round(b - a)})`
  const show = (value: number | null): string => (value === null ? '-' : String(value))
  return { a: show(a), b: show(b) + change }
}

/** Measures have long names in the manifest. */
function short(measure: string): string {
  return measure
    .replace('average_precision', 'AP')
    .replace('recall_at_1_percent_false_positives', 'recall 1%')
    .replace('auc', 'AUC')
    .replaceAll('_', ' ')
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}

function day(time: string): string {
  return time.slice(0, 10)
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
