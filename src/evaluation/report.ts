// The figures of an evaluation, as they are printed, drawn and written as JSON.
import type { TrainingSet } from '../model/training-rows.ts'
import { cardFigures, type CardFigures } from './cards.ts'
import { type Curves, curvesOf } from './curves.ts'
import { type ScoreId, SCORES } from './judge.ts'
import type { Fit, JudgedDay, Scored } from './prequential.ts'
import { cardInterval, type Interval, type RankIntervals, rankIntervals } from './resample.ts'
import { recallByDay } from './recall-by-day.ts'

export const CARDS_A_DAY = 100

export interface ScoreFigures extends RankIntervals {
  readonly id: ScoreId
  readonly name: string
  readonly kind: 'head' | 'baseline'
  readonly about: string
  readonly cardPrecision: Interval
  /** Share of all cards with a fraud that were found. */
  readonly cardRecall: number
  readonly campaigns: readonly RankIntervals[]
  readonly days: readonly { readonly recallAt1: number | null; readonly cardPrecision: number | null }[]
  readonly curves: Curves
}

export interface EvaluationReport {
  readonly source: string
  /** Version of the model that was judged as it is; null when the heads were fitted anew. */
  readonly model: string | null
  readonly seed: number
  readonly everyDays: number
  readonly resamples: number
  readonly cardsADay: number
  readonly currency: string
  readonly played: {
    readonly events: number
    readonly payments: number
    readonly from: string
    readonly to: string
  }
  readonly judged: {
    readonly from: string
    readonly to: string
    readonly payments: number
    readonly frauds: number
    /** Major units of the base currency. */
    readonly fraudMoney: number
    readonly cards: number
    readonly fraudCards: number
  }
  readonly fits: readonly Fit[]
  /** What a reader must know before believing the figures. */
  readonly warnings: readonly string[]
  readonly days: readonly { readonly day: string; readonly payments: number; readonly frauds: number }[]
  readonly campaigns: readonly { readonly name: string; readonly frauds: number }[]
  /** In the order of SCORES; those that could not be fitted are left out. */
  readonly scores: readonly ScoreFigures[]
}

export interface ReportContext
  extends Pick<
    EvaluationReport,
    'source' | 'model' | 'seed' | 'everyDays' | 'resamples' | 'currency' | 'warnings'
  > {
  readonly set: TrainingSet
}

export function reportOf({ days, fits, scores }: Scored, context: ReportContext): EvaluationReport {
  const { set, ...rest } = context
  const rows = judgedRows(set, days)
  const { isFraud, amounts, payers, campaigns } = rows
  const fraudRows = Array.from(isFraud.keys()).filter((row) => isFraud[row] === true)
  const figures = SCORES.flatMap((score) => {
    const values = scores.get(score.id) ?? null
    return values === null ? [] : [{ ...score, ...figuresOf(values, rows, days, context) }]
  })
  return {
    ...rest,
    cardsADay: CARDS_A_DAY,
    played: { events: set.events, payments: set.rows, from: iso(set.fromMs), to: iso(set.toMs) },
    judged: {
      from: days[0]?.day ?? '',
      to: days.at(-1)?.day ?? '',
      payments: isFraud.length,
      frauds: fraudRows.length,
      fraudMoney: Math.round(fraudRows.reduce((sum, row) => sum + (amounts[row] || 0), 0)),
      cards: new Set(payers).size,
      fraudCards: new Set(fraudRows.map((row) => payers[row])).size,
    },
    fits,
    days: days.map(({ day, from, to }) => ({
      day,
      payments: to - from,
      frauds: set.isFraud.slice(from, to).filter(Boolean).length,
    })),
    campaigns: campaigns.map((name, i) => ({
      name,
      frauds: rows.kinds.reduce((sum, kind) => sum + (kind === i + 1 ? 1 : 0), 0),
    })),
    scores: figures,
  }
}

interface Judged {
  readonly isFraud: readonly boolean[]
  readonly amounts: Float64Array
  readonly payers: Uint32Array
  /** Names of the campaigns, sorted; none when the source knows of none. */
  readonly campaigns: readonly string[]
  readonly kinds: Uint8Array
  readonly kindCount: number
}

function judgedRows(set: TrainingSet, days: readonly JudgedDay[]): Judged {
  const [from, to] = [days[0]?.from ?? 0, days.at(-1)?.to ?? 0]
  const isFraud = set.isFraud.slice(from, to)
  const named = set.campaigns.slice(from, to)
  const campaigns = [...new Set(named.filter((name) => name !== null))].sort()
  return {
    isFraud,
    amounts: set.amounts.slice(from, to),
    payers: set.payers.slice(from, to),
    campaigns,
    kinds: Uint8Array.from(isFraud, (fraud, row) =>
      fraud ? 1 + Math.max(0, campaigns.indexOf(named[row] ?? '')) : 0,
    ),
    kindCount: Math.max(1, campaigns.length),
  }
}

function figuresOf(
  values: Float64Array,
  rows: Judged,
  days: readonly JudgedDay[],
  options: ReportContext,
): Omit<ScoreFigures, 'id' | 'name' | 'kind' | 'about'> {
  const [all, ...kinds] = rankIntervals(values, rows, options)
  if (all === undefined) throw new Error('figures of no kind of fraud')
  const cards: CardFigures = cardFigures(values, rows, days, CARDS_A_DAY)
  const recalls = recallByDay(values, rows.isFraud, days)
  return {
    ...all,
    campaigns: rows.campaigns.length === 0 ? [] : kinds,
    cardPrecision: cardInterval(cards.days, options),
    cardRecall: cards.recall,
    days: cards.days.map(({ looked, found }, i) => ({
      recallAt1: recalls[i] ?? null,
      cardPrecision: looked === 0 ? null : found / looked,
    })),
    curves: curvesOf(values, rows.isFraud),
  }
}

/** The baseline with the highest average precision; null when there is none. */
export function bestBaseline({ scores }: EvaluationReport): ScoreFigures | null {
  const baselines = scores.filter(({ kind }) => kind === 'baseline')
  return baselines.toSorted((a, b) => b.averagePrecision.value - a.averagePrecision.value)[0] ?? null
}

function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : ''
}
