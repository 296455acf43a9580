import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitCalibration, percentileOf } from '../../../src/model/calibration.ts'
import { ranking } from '../../../src/model/ranking.ts'
import { fitScaling, scaled } from '../../../src/model/scaling.ts'

const scores = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 400 })

describe('calibration', () => {
  it('never gives a higher raw score a lower percentile, and stays within 0 and 1', () => {
    fc.assert(
      fc.property(
        scores,
        fc.double({ min: 0, max: 2e6, noNaN: true }),
        fc.double({ min: 0, max: 2e6, noNaN: true }),
        (raws, a, b) => {
          const table = fitCalibration(Float64Array.from(raws))
          const [low, high] = [percentileOf(Math.min(a, b), table), percentileOf(Math.max(a, b), table)]
          expect(low).toBeLessThanOrEqual(high)
          expect(low).toBeGreaterThanOrEqual(0)
          expect(high).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it('says of a score what share of the span lies below it', () => {
    const table = fitCalibration(Float64Array.from({ length: 100_000 }, (_, i) => i))
    for (const p of [0.05, 0.5, 0.9, 0.99, 0.999]) expect(percentileOf(p * 100_000, table)).toBeCloseTo(p, 4)
    expect(percentileOf(-1, table)).toBe(0)
    expect(percentileOf(1e9, table)).toBe(1)
  })
})

describe('scaling', () => {
  it('puts the median at 0 and holds outliers at the clip', () => {
    const scaling = fitScaling(
      Float64Array.from({ length: 1_001 }, (_, i) => i),
      'linear',
    )
    expect(scaled(500, scaling)).toBe(0)
    expect(scaled(1e12, scaling)).toBe(scaling.clip)
    expect(scaled(-1e12, scaling)).toBe(-scaling.clip)
  })

  it('takes unknown values as the centre and leaves them out when it is fitted', () => {
    const values = Float64Array.from([1, 2, Number.NaN, 3, Number.POSITIVE_INFINITY])
    const scaling = fitScaling(values, 'log')
    expect(scaling.centre).toBeCloseTo(Math.log1p(2))
    expect(scaled(Number.NaN, scaling)).toBe(0)
  })

  it('works for a feature that never changes', () => {
    const scaling = fitScaling(new Float64Array(100).fill(7), 'linear')
    expect(scaled(7, scaling)).toBe(0)
    expect(scaled(8, scaling)).toBe(1)
  })
})

describe('ranking', () => {
  /** The share of pairs in the right order, ties as half: the definition. */
  const aucByPairs = (values: readonly number[], isFraud: readonly boolean[]): number => {
    let sum = 0
    let pairs = 0
    for (const [i, fraud] of isFraud.entries()) {
      for (const [j, other] of isFraud.entries()) {
        if (!fraud || other) continue
        pairs++
        const [a, b] = [values[i] ?? 0, values[j] ?? 0]
        sum += a > b ? 1 : a === b ? 0.5 : 0
      }
    }
    return pairs === 0 ? 0 : sum / pairs
  }

  it('counts the area under the ROC curve as the pairs in the right order', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 60 })
    fc.assert(
      fc.property(rows, (pairs) => {
        const values = pairs.map(([value]) => value)
        const isFraud = pairs.map(([, fraud]) => fraud)
        expect(ranking(values, isFraud).auc).toBeCloseTo(aucByPairs(values, isFraud), 3)
      }),
    )
  })

  it('is perfect for a perfect score', () => {
    expect(ranking([9, 8, 1, 2], [true, true, false, false])).toEqual({
      auc: 1,
      average_precision: 1,
      recall_at_1_percent_false_positives: 1,
    })
  })

  it('gives a score that says nothing the precision of chance', () => {
    const isFraud = Array.from({ length: 1_000 }, (_, i) => i % 10 === 0)
    const { auc, average_precision } = ranking(new Float64Array(1_000), isFraud)
    expect(auc).toBe(0.5)
    expect(average_precision).toBe(0.1)
  })
})
