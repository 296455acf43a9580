// What analysts would find who look at a number of cards a day: the highest ones of the day, less those found before.
// The measure of Dal Pozzolo et al., "Learned lessons in credit card fraud detection" (2014).
import { descending } from '../model/ranking.ts'
import type { JudgedDay } from './prequential.ts'

export interface CardDay {
  /** Cards looked at, and those of them with a fraud on that day. */
  readonly looked: number
  readonly found: number
}

export interface CardFigures {
  readonly days: readonly CardDay[]
  /** Mean over the days of found / looked. */
  readonly precision: number
  /** Share of the cards with any fraud in the span that were found. */
  readonly recall: number
}

export interface CardRows {
  /** Of each judged row. */
  readonly payers: Uint32Array
  readonly isFraud: readonly boolean[]
}

/** A card is worth its highest payment of the day. Payers without a card count as one. */
export function cardFigures(
  scores: ArrayLike<number>,
  { payers, isFraud }: CardRows,
  days: readonly Pick<JudgedDay, 'from' | 'to'>[],
  cardsADay: number,
): CardFigures {
  const first = days[0]?.from ?? 0
  const found = new Set<number>()
  const perDay = days.map(({ from, to }): CardDay => {
    const rows = Array.from({ length: to - from }, (_, i) => from - first + i)
    const bad = new Set(rows.filter((row) => isFraud[row] === true).map((row) => payers[row] ?? 0))
    const order = descending(
      rows.map((row) => scores[row] ?? Number.NaN),
      rows.length,
    )
    const looked = new Set<number>()
    for (const i of order) {
      if (looked.size >= cardsADay) break
      const payer = payers[rows[i] ?? 0] ?? 0
      if (!found.has(payer)) looked.add(payer)
    }
    const hits = [...looked].filter((payer) => bad.has(payer))
    for (const payer of hits) found.add(payer)
    return { looked: looked.size, found: hits.length }
  })
  const all = new Set(Array.from(payers).filter((_, row) => isFraud[row] === true))
  return {
    days: perDay,
    precision: meanPrecision(perDay),
    recall: all.size === 0 ? 0 : found.size / all.size,
  }
}

export function meanPrecision(days: readonly CardDay[]): number {
  const counted = days.filter(({ looked }) => looked > 0)
  return counted.reduce((sum, { looked, found }) => sum + found / looked, 0) / Math.max(1, counted.length)
}
