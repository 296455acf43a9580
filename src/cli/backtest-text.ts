// The table of a backtest for a terminal. Pure text; figures that nobody can know are a dash.
import { eventsOf } from '../backtest/difference.ts'
import { type BacktestReport, firedRules, type RuleFigures, type SetFigures } from '../backtest/report.ts'
import { percent, whole } from '../backtest/shown.ts'
import { ACTIONS } from '../rules/rule-set.ts'
import type { Terminal } from './terminal-view.ts'
import { coloured, hanging, wrapped } from './trace-text.ts'

export function backtestText(report: BacktestReport, terminal: Terminal): string {
  const money = (minor: number): string => shownMoney(minor, report)
  const lines = [
    ...headLines(report, terminal),
    '',
    ...setLines('rules', report.set, report, terminal),
    ...(report.against === null ? [] : ['', ...setLines('against', report.against, report, terminal)]),
    '',
    ...ruleTable(report.set, money, terminal),
    ...differenceLines(report, money, terminal),
  ]
  return `${lines.join('\n')}\n`
}

function headLines(report: BacktestReport, terminal: Terminal): string[] {
  const { file, events, days, from, to, labelled, fraud, fraudMinor, unlabelled, rejected } = report
  const span = from === null ? '' : ` in ${days.toFixed(1)} days, ${from.slice(0, 10)} to ${to?.slice(0, 10)}`
  const sentences = [
    `${file}: ${whole(events)} events${span}.`,
    `${whole(fraud)} of them are fraud, of ${shownMoney(fraudMinor, report)}. ${whole(labelled)} events of the recording have a label; payments without one count as ${unlabelled}.`,
  ]
  const bad = Object.entries(rejected).map(([code, count]) => `${code} ${count}`)
  if (bad.length > 0) sentences.push(`Dead letters: ${bad.join(', ')}.`)
  return sentences.flatMap((sentence) => wrapped(sentence, 0, terminal.width))
}

function setLines(name: string, set: SetFigures, report: BacktestReport, terminal: Terminal): string[] {
  const money = (minor: number): string => shownMoney(minor, report)
  const line = (lead: string, text: string): string[] =>
    hanging(lead.padEnd(FIGURES_AT), FIGURES_AT, text, terminal)
  const actions = ACTIONS.map((action) => `${action} ${whole(eventsOf(set.byAction[action]))}`)
  return [
    `${name}  ${coloured(set.hash.slice(0, 19), 'dim', terminal)}`,
    ...line('  decisions', actions.join(' · ')),
    ...line(
      '  fraud stopped',
      `${money(set.savedMinor)} saved: ${percent(set.recallByMoney)} of its money, ${percent(set.recall)} of its events`,
    ),
    ...line(
      '  wrongly stopped',
      `${money(set.wronglyStoppedMinor)}: ${percent(set.genuineStoppedShare, 3)} of genuine payments (${percent(set.genuineBlockedShare, 3)} blocked)`,
    ),
    ...line(
      '  alerts a day',
      `${set.alertsADay.toFixed(1)}, ${percent(set.alertPrecision)} of them fraud; they cover ${percent(set.alertRecall)} of fraud`,
    ),
  ]
}

const FIGURES_AT = 20
const COLUMNS = 51

function ruleTable(set: SetFigures, money: (minor: number) => string, terminal: Terminal): string[] {
  const rules = firedRules(set)
  const longest = Math.max(4, ...rules.map((rule) => labelOf(rule).length))
  const wide = terminal.width >= 100
  const name = Math.min(longest, terminal.width - COLUMNS - (wide ? 26 : 0))
  const head =
    `${'rule'.padEnd(name)} ${'action'.padEnd(9)} ${'fires'.padStart(8)} ${'a day'.padStart(8)} ${'prec.'.padStart(7)} ${'recall'.padStart(7)}` +
    (wide ? ` ${'fraud'.padStart(12)} ${'genuine'.padStart(12)}` : ` ${'alone'.padStart(6)}`)
  const lines = rules.map((rule) => {
    const label = labelOf(rule)
    const shown = label.length > name ? `${label.slice(0, name - 1)}…` : label.padEnd(name)
    const figures = `${rule.action.padEnd(9)} ${whole(rule.fires).padStart(8)} ${rule.firesADay.toFixed(1).padStart(8)} ${percent(rule.precision).padStart(7)} ${percent(rule.recall).padStart(7)}`
    const rest = wide
      ? ` ${money(rule.fraudMinor).padStart(12)} ${money(rule.genuineMinor).padStart(12)}`
      : ` ${whole(rule.alone).padStart(6)}`
    return `${shown} ${figures}${rest}`
  })
  const silent = set.rules.filter(({ fires }) => fires === 0).map(({ id }) => id)
  const never = silent.length === 0 ? [] : wrapped(`never fired: ${silent.join(', ')}`, 0, terminal.width)
  return [coloured(head, 'dim', terminal), ...lines, ...never]
}

function labelOf({ id, mode }: RuleFigures): string {
  return mode === 'live' ? id : `${id} (${mode})`
}

function differenceLines(
  { difference }: BacktestReport,
  money: (minor: number) => string,
  terminal: Terminal,
): string[] {
  if (difference === null) return []
  const volume = ({ fraud, genuine, unknown }: (typeof difference.changes)[number]['volume']): string => {
    const parts = [
      `fraud ${whole(fraud.events)} (${money(fraud.amountMinor)})`,
      `genuine ${whole(genuine.events)} (${money(genuine.amountMinor)})`,
    ]
    if (unknown.events > 0) parts.push(`unknown ${whole(unknown.events)}`)
    return parts.join(', ')
  }
  const changes = difference.changes.map(
    ({ from, to, volume: events }) => `  ${`${from} → ${to}`.padEnd(22)} ${volume(events)}`,
  )
  const causes = difference.causes.map(
    ({ rule, what, volume: events }) => `  ${rule} ${what}: ${volume(events)}`,
  )
  if (changes.length === 0) return ['', 'No event is decided differently.']
  return [
    '',
    coloured('decided differently', 'dim', terminal),
    ...changes,
    coloured('because', 'dim', terminal),
    ...causes,
    ...wrapped(
      `for example ${difference.samples
        .slice(0, 3)
        .map(({ event }) => event)
        .join(', ')}`,
      0,
      terminal.width,
    ),
  ]
}

/** In whole major units: cents hide what matters. */
export function shownMoney(
  minor: number,
  { currency, minorPerMajor }: Pick<BacktestReport, 'currency' | 'minorPerMajor'>,
): string {
  return `${whole(minor / minorPerMajor)} ${currency}`
}
