// Bootstrap intervals (Efron 1979): what a figure might have been with other payers, or on other days. Payers are drawn with all their
// payments, because the frauds of one card hang together; card precision, which follows the days, is drawn by day.
import { createRanker, type RankedRows, type RankFigures } from '../model/ranking.ts'
import { createRandom } from '../simulator/random.ts'
import { type CardDay, meanPrecision } from './cards.ts'

export interface Interval {
  readonly value: number
  /** The middle 95 % of the resamples. */
  readonly low: number
  readonly high: number
}

export type RankIntervals = Readonly<Record<keyof RankFigures, Interval>>

export interface ResampleOptions {
  /** 0 gives intervals of no width. */
  readonly resamples: number
  readonly seed: number
}

const MEASURES = ['auc', 'averagePrecision', 'recallAt1', 'recallAt01', 'valueAt1'] as const
const LOW = 0.025
const STREAM = 22

/** Figures of a score against all fraud, then against each kind. The same resamples for every score, so that scores can be compared. */
export function rankIntervals(
  scores: ArrayLike<number>,
  rows: RankedRows & { readonly payers: Uint32Array },
  { resamples, seed }: ResampleOptions,
): RankIntervals[] {
  const rank = createRanker(scores, rows)
  const value = rank(null)
  const { payers } = rows
  const payerCount = payers.reduce((most, payer) => Math.max(most, payer + 1), 0)
  const present = [...new Set(payers)]
  const random = createRandom(seed, STREAM)
  const drawn: RankFigures[][] = []
  for (let i = 0; i < resamples; i++) {
    const times = new Uint16Array(payerCount)
    for (let n = 0; n < present.length; n++) {
      const payer = present[random.int(present.length)] ?? 0
      times[payer] = (times[payer] ?? 0) + 1
    }
    drawn.push(rank((row) => times[payers[row] ?? 0] ?? 0))
  }
  return value.map((figures, kind) => {
    const of = (measure: keyof RankFigures): Interval =>
      interval(
        figures[measure],
        drawn.map((each) => each[kind]?.[measure] ?? 0),
      )
    const [auc, averagePrecision, recallAt1, recallAt01, valueAt1] = MEASURES.map(of)
    const none = { value: 0, low: 0, high: 0 }
    return {
      auc: auc ?? none,
      averagePrecision: averagePrecision ?? none,
      recallAt1: recallAt1 ?? none,
      recallAt01: recallAt01 ?? none,
      valueAt1: valueAt1 ?? none,
    }
  })
}

/** Of the mean precision over the days. */
export function cardInterval(days: readonly CardDay[], { resamples, seed }: ResampleOptions): Interval {
  const random = createRandom(seed, STREAM + 1)
  const drawn = Array.from({ length: resamples }, () =>
    meanPrecision(days.map(() => days[random.int(days.length)] ?? { looked: 0, found: 0 })),
  )
  return interval(meanPrecision(days), drawn)
}

function interval(value: number, drawn: readonly number[]): Interval {
  if (drawn.length === 0) return { value, low: value, high: value }
  const sorted = drawn.toSorted((a, b) => a - b)
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))] ?? value
  return { value, low: at(LOW), high: at(1 - LOW) }
}
