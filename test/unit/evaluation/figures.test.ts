// The arithmetic of an evaluation against brute force.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cardFigures } from '../../../src/evaluation/cards.ts'
import { factor, solve } from '../../../src/evaluation/cholesky.ts'
import { curvesOf } from '../../../src/evaluation/curves.ts'
import { fitLogistic } from '../../../src/evaluation/logistic.ts'
import { recallByDay } from '../../../src/evaluation/recall-by-day.ts'
import { rankIntervals } from '../../../src/evaluation/resample.ts'
import { createRanker } from '../../../src/model/ranking.ts'
import { createRandom } from '../../../src/simulator/random.ts'

const row = fc.record({
  score: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Number.NaN)),
  kind: fc.nat({ max: 2 }),
  payer: fc.nat({ max: 5 }),
  amount: fc.integer({ min: 0, max: 50 }),
  weight: fc.nat({ max: 3 }),
})
const rowsArbitrary = fc.array(row, { minLength: 1, maxLength: 40 })
type Row = { score: number; kind: number; payer: number; amount: number; weight: number }
const rankerOf = (rows: readonly Row[]) =>
  createRanker(
    rows.map(({ score }) => score),
    {
      kinds: Uint8Array.from(rows, ({ kind }) => kind),
      kindCount: 2,
      amounts: Float64Array.from(rows, ({ amount }) => amount),
    },
  )

describe('ranking with weights', () => {
  it('is ranking with every row as often as it counts', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const repeated = rows.flatMap((each) => Array.from({ length: each.weight }, () => each))
        const weighted = rankerOf(rows)((i) => rows[i]?.weight ?? 0)
        const plain = rankerOf(repeated)(null)
        for (const [kind, figures] of weighted.entries())
          for (const [name, value] of Object.entries(figures))
            expect(value, name).toBeCloseTo(plain[kind]?.[name as keyof typeof figures] ?? 0, 10)
      }),
    )
  })

  it('measures a kind of fraud as if there were no other', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const all = rankerOf(rows)(null)
        for (const kind of [1, 2]) {
          const alone = rows.filter((each) => each.kind === 0 || each.kind === kind)
          const expected = rankerOf(alone.map((each) => ({ ...each, kind: Math.min(1, each.kind) })))(null)
          expect(all[kind]).toEqual(expected[0])
        }
      }),
    )
  })

  it('finds the money of the frauds at one false positive in a hundred', () => {
    const scores = [9, 8, 7, ...Array.from({ length: 100 }, () => 1)]
    const kinds = Uint8Array.from(scores, (score) => (score >= 8 ? 1 : 0))
    kinds[102] = 1
    const amounts = Float64Array.from(scores, () => 10)
    amounts[0] = 70
    const [all] = createRanker(scores, { kinds, kindCount: 1, amounts })(null)
    expect(all).toMatchObject({ recallAt1: 2 / 3, recallAt01: 2 / 3, valueAt1: 80 / 90 })
  })
})

describe('cards a day', () => {
  it('are the highest ones that were not found before, as a recount says', () => {
    fc.assert(
      fc.property(rowsArbitrary, fc.integer({ min: 1, max: 4 }), fc.nat({ max: 39 }), (rows, cards, cut) => {
        const split = Math.min(cut, rows.length)
        const days = [
          { from: 0, to: split },
          { from: split, to: rows.length },
        ]
        const scores = rows.map(({ score }) => score)
        const isFraud = rows.map(({ kind }) => kind > 0)
        const payers = Uint32Array.from(rows, ({ payer }) => payer)
        const figures = cardFigures(scores, { payers, isFraud }, days, cards)
        const found = new Set<number>()
        for (const [i, { from, to }] of days.entries()) {
          const best = new Map<number, { score: number; row: number }>()
          for (let at = from; at < to; at++) {
            const score = Number.isNaN(scores[at]) ? -1 : scores[at]!
            const known = best.get(payers[at]!)
            if (known === undefined || score > known.score) best.set(payers[at]!, { score, row: at })
          }
          const looked = [...best]
            .filter(([payer]) => !found.has(payer))
            .sort(([, a], [, b]) => b.score - a.score || a.row - b.row)
            .slice(0, cards)
            .map(([payer]) => payer)
          const hits = looked.filter((payer) =>
            rows.slice(from, to).some((each) => each.payer === payer && each.kind > 0),
          )
          for (const payer of hits) found.add(payer)
          expect(figures.days[i]).toEqual({ looked: looked.length, found: hits.length })
        }
      }),
    )
  })
})

describe('recall by day', () => {
  it('uses one bound for all days: that of the whole span', () => {
    const scores = [5, 4, 3, 2, ...Array.from({ length: 198 }, () => 1)]
    const isFraud = scores.map((_, i) => i === 0 || i === 2 || i === 150)
    const days = [
      { from: 10, to: 11 },
      { from: 11, to: 110 },
      { from: 110, to: 212 },
    ]
    // Two genuine payments in 199 are too many, one is not: what scores above 2 is found.
    expect(recallByDay(scores, isFraud, days)).toEqual([1, 1, 0])
  })
})

describe('bootstrap intervals', () => {
  it('hold the figure, are the same for the same seed, and have no width where nothing can vary', () => {
    const random = createRandom(5, 0)
    const kinds = Uint8Array.from({ length: 600 }, () => (random.chance(0.1) ? 1 : 0))
    const scores = Array.from(kinds, (kind) => kind + random.normal())
    const payers = Uint32Array.from(kinds, (_, i) => i % 50)
    const rows = { kinds, kindCount: 1, amounts: null, payers }
    const [all] = rankIntervals(scores, rows, { resamples: 100, seed: 1 })
    expect(rankIntervals(scores, rows, { resamples: 100, seed: 1 })[0]).toEqual(all)
    expect(rankIntervals(scores, rows, { resamples: 100, seed: 2 })[0]).not.toEqual(all)
    expect(all?.auc.low).toBeLessThan(all?.auc.value ?? 0)
    expect(all?.auc.high).toBeGreaterThan(all?.auc.value ?? 1)
    const perfect = rankIntervals(kinds, rows, { resamples: 20, seed: 1 })[0]
    expect(perfect?.averagePrecision).toEqual({ value: 1, low: 1, high: 1 })
  })
})

describe('linear algebra of the baselines', () => {
  it('solves what it factored', () => {
    const entry = fc.double({ min: -3, max: 3, noNaN: true })
    const size = 4
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 16, maxLength: 16 }),
        fc.array(entry, { minLength: 4, maxLength: 4 }),
        (half, x) => {
          const at = (i: number, j: number): number =>
            half
              .slice(0, size)
              .reduce((sum, _, k) => sum + half[i * size + k]! * half[j * size + k]!, i === j ? 1 : 0)
          const matrix = Float64Array.from({ length: 16 }, (_, n) => at(Math.floor(n / size), n % size))
          const product = Float64Array.from(x, (_, i) =>
            x.reduce((sum, value, j) => sum + at(i, j) * value, 0),
          )
          solve(factor(matrix, size), product)
          for (const [i, value] of x.entries()) expect(product[i]).toBeCloseTo(value, 6)
        },
      ),
    )
  })

  it('fits a logistic regression whose slope is level, ridge included', () => {
    const random = createRandom(8, 0)
    const inputs = Float64Array.from({ length: 2_000 }, () => random.normal())
    const truths = Uint8Array.from({ length: 1_000 }, (_, n) =>
      random.chance(1 / (1 + Math.exp(2 - 1.5 * inputs[2 * n]!))) ? 1 : 0,
    )
    const weights = fitLogistic(inputs, truths)
    const slope = [0, 0, 0]
    for (const [n, truth] of truths.entries()) {
      const values = [inputs[2 * n]!, inputs[2 * n + 1]!, 1]
      const p = 1 / (1 + Math.exp(-values.reduce((sum, value, i) => sum + value * weights[i]!, 0)))
      for (const [i, value] of values.entries()) slope[i] = slope[i]! + (truth - p) * value
    }
    expect(slope[0]! - weights[0]!).toBeCloseTo(0, 4)
    expect(slope[1]! - weights[1]!).toBeCloseTo(0, 4)
    expect(slope[2]).toBeCloseTo(0, 4)
    expect(weights[0]).toBeGreaterThan(1)
  })
})

describe('curves', () => {
  it('end at everything, and pass through a perfect corner for a perfect score', () => {
    const isFraud = Array.from({ length: 500 }, (_, i) => i < 20)
    const { roc, precisionRecall } = curvesOf(
      isFraud.map((fraud, i) => (fraud ? 1_000 : i)),
      isFraud,
    )
    expect(roc.at(-1)).toEqual({ x: 1, y: 1 })
    expect(roc).toContainEqual({ x: 0, y: 1 })
    expect(precisionRecall).toContainEqual({ x: 1, y: 1 })
  })
})
