// From counts to figures that a risk analyst decides by: precision, recall, money saved and money wrongly stopped.
// Shares are null where nothing is known to divide by. Amounts are minor units of the base currency.
import type { Action, RuleMode } from '../rules/rule-set.ts'
import type { BacktestCounts } from './backtest.ts'
import { type Difference, eventsOf } from './difference.ts'
import type { ByTruth, Day, Hour, SetCounts } from './tally.ts'

export interface RuleFigures {
  readonly id: string
  readonly reason: string
  /** `weight` for a rule that only adds to the sum. */
  readonly action: Action | 'weight'
  readonly mode: RuleMode
  readonly fires: number
  readonly firesADay: number
  /** Of the events that it fired for and whose truth is known, the share that is fraud. */
  readonly precision: number | null
  /** Of all fraud, the share that it fired for. */
  readonly recall: number | null
  readonly precisionByMoney: number | null
  readonly recallByMoney: number | null
  readonly fraudMinor: number
  readonly genuineMinor: number
  /** Fraud and genuine events that it fired for. */
  readonly fraud: number
  readonly genuine: number
  /** Events for which it alone acted. */
  readonly alone: number
}

export interface SetFigures {
  readonly hash: string
  /** Decisions other than `allow`. */
  readonly alerts: number
  readonly alertsADay: number
  /** Of stopped events (block or challenge), and of all alerts. */
  readonly precision: number | null
  readonly recall: number | null
  readonly recallByMoney: number | null
  readonly alertPrecision: number | null
  readonly alertRecall: number | null
  /** Fraud that was stopped, genuine payments that were, and fraud that went through. */
  readonly savedMinor: number
  readonly wronglyStoppedMinor: number
  readonly missedMinor: number
  /** Of all genuine payments, the share that was stopped, and the share that was blocked. */
  readonly genuineStoppedShare: number | null
  readonly genuineBlockedShare: number | null
  readonly byAction: Readonly<Record<Action, ByTruth>>
  readonly rules: readonly RuleFigures[]
  readonly days: readonly Day[]
  readonly hours: readonly Hour[]
}

export interface BacktestReport {
  readonly file: string
  readonly currency: string
  readonly minorPerMajor: number
  readonly unlabelled: 'genuine' | 'unknown'
  readonly model: string | null
  readonly events: number
  readonly labels: number
  readonly labelled: number
  readonly fraud: number
  readonly fraudMinor: number
  readonly rejected: Readonly<Record<string, number>>
  readonly from: string | null
  readonly to: string | null
  readonly days: number
  readonly set: SetFigures
  readonly against: SetFigures | null
  readonly difference: Difference | null
}

const DAY_MS = 86_400_000

export type ReportContext = Pick<
  BacktestReport,
  'file' | 'currency' | 'minorPerMajor' | 'unlabelled' | 'model'
>

export function reportOf(counts: BacktestCounts, context: ReportContext): BacktestReport {
  const { fromMs, toMs, events, labels, labelled, rejected, difference } = counts
  // Less than a day is a day: a rate that was stretched over one would promise too much.
  const days = Math.max(1, events === 0 ? 1 : (toMs - fromMs) / DAY_MS)
  const total = sum(Object.values(counts.set.byAction))
  return {
    ...context,
    events,
    labels,
    labelled,
    fraud: total.fraud.events,
    fraudMinor: total.fraud.amountMinor,
    rejected,
    from: instant(fromMs),
    to: instant(toMs),
    days,
    set: figuresOf(counts.set, days),
    against: counts.against === null ? null : figuresOf(counts.against, days),
    difference,
  }
}

function figuresOf(counts: SetCounts, days: number): SetFigures {
  const { allow, review, challenge, block } = counts.byAction
  const all = sum([allow, review, challenge, block])
  const stopped = sum([challenge, block])
  const alerts = sum([review, challenge, block])
  return {
    hash: counts.hash,
    alerts: eventsOf(alerts),
    alertsADay: eventsOf(alerts) / days,
    precision: share(stopped.fraud.events, stopped.genuine.events),
    recall: ratio(stopped.fraud.events, all.fraud.events),
    recallByMoney: ratio(stopped.fraud.amountMinor, all.fraud.amountMinor),
    alertPrecision: share(alerts.fraud.events, alerts.genuine.events),
    alertRecall: ratio(alerts.fraud.events, all.fraud.events),
    savedMinor: stopped.fraud.amountMinor,
    wronglyStoppedMinor: stopped.genuine.amountMinor,
    missedMinor: all.fraud.amountMinor - stopped.fraud.amountMinor,
    genuineStoppedShare: ratio(stopped.genuine.events, all.genuine.events),
    genuineBlockedShare: ratio(block.genuine.events, all.genuine.events),
    byAction: counts.byAction,
    rules: counts.rules.map(
      ({ id, reason, action, mode, fires, alone }): RuleFigures => ({
        id,
        reason,
        action: action ?? 'weight',
        mode,
        fires: eventsOf(fires),
        firesADay: eventsOf(fires) / days,
        precision: share(fires.fraud.events, fires.genuine.events),
        recall: ratio(fires.fraud.events, all.fraud.events),
        precisionByMoney: share(fires.fraud.amountMinor, fires.genuine.amountMinor),
        recallByMoney: ratio(fires.fraud.amountMinor, all.fraud.amountMinor),
        fraudMinor: fires.fraud.amountMinor,
        genuineMinor: fires.genuine.amountMinor,
        fraud: fires.fraud.events,
        genuine: fires.genuine.events,
        alone,
      }),
    ),
    days: counts.days,
    hours: counts.hours,
  }
}

function sum(volumes: readonly ByTruth[]): ByTruth {
  const of = (truth: keyof ByTruth) => ({
    events: volumes.reduce((total, volume) => total + volume[truth].events, 0),
    amountMinor: volumes.reduce((total, volume) => total + volume[truth].amountMinor, 0),
  })
  return { fraud: of('fraud'), genuine: of('genuine'), unknown: of('unknown') }
}

function share(part: number, other: number): number | null {
  return ratio(part, part + other)
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

function instant(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

/** Rules that fired, those that fired most first. */
export function firedRules({ rules }: SetFigures): RuleFigures[] {
  return rules.filter(({ fires }) => fires > 0).sort((a, b) => b.fires - a.fires)
}
