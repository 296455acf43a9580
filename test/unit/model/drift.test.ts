import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDrift } from '../../../src/model/drift.ts'
import { binOf, fitFingerprint, stabilityIndex } from '../../../src/model/fingerprint.ts'
import { createRandom } from '../../../src/simulator/random.ts'
import { batchEventOf } from '../../support/batches.ts'

const HOUR_MS = 3_600_000

describe('the population stability index', () => {
  const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(Number.NaN))
  const values = fc.array(value, { minLength: 1, maxLength: 300 }).map((list) => Float64Array.from(list))

  it('puts every value into the one bin whose bounds hold it, and shares add up to 1', () => {
    fc.assert(
      fc.property(values, value, (sample, probe) => {
        const { edges, shares } = fitFingerprint(sample)
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4)
        const bin = binOf(probe, edges)
        if (Number.isNaN(probe)) expect(bin).toBe(shares.length - 1)
        else {
          expect(probe).toBeGreaterThan(edges[bin - 1] ?? Number.NEGATIVE_INFINITY)
          expect(probe).toBeLessThanOrEqual(edges[bin] ?? Number.POSITIVE_INFINITY)
        }
      }),
    )
  })

  it('is never below 0, and 0 for the shares themselves', () => {
    const counts = fc.array(fc.nat({ max: 1_000 }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(counts, counts, (expected, actual) => {
        fc.pre(expected.some((count) => count > 0) && actual.some((count) => count > 0))
        const total = expected.reduce((sum, count) => sum + count, 0)
        const shares = expected.map((count) => count / total)
        expect(stabilityIndex(shares, actual)).toBeGreaterThanOrEqual(0)
        expect(stabilityIndex(shares, expected)).toBeCloseTo(0, 9)
      }),
    )
  })

  it('is what the formula says, and NaN without counts', () => {
    const found = stabilityIndex([0.5, 0.3, 0.2], [20, 30, 50])
    expect(found).toBeCloseTo(-0.3 * Math.log(0.2 / 0.5) + 0.3 * Math.log(0.5 / 0.2), 12)
    expect(stabilityIndex([0.5, 0.5], [0, 0])).toBeNaN()
  })
})

describe('the drift of the payments', () => {
  const reference = (seed: number, centre: number) => {
    const random = createRandom(seed, 0)
    return Float64Array.from({ length: 20_000 }, () => random.logNormal(centre, 0.5))
  }
  const watch = () => {
    let nowMs = 0
    const drift = createDrift({
      features: [{ id: 'amount', fingerprint: fitFingerprint(reference(1, 30)) }],
      score: fitFingerprint(Float64Array.from({ length: 10_000 }, (_, i) => i / 10_000)),
      readFeatures: (view, out, at) => void (out[at] = view.amount),
      windowMs: 24 * HOUR_MS,
      now: () => nowMs,
    })
    const random = createRandom(9, 9)
    const play = (amounts: Iterable<number>, slots: object = {}) => {
      for (const amount of amounts) {
        const scored = { value: random.uniform(), contributions: [] }
        drift.count([batchEventOf({}, { amount, scored, ...slots })])
      }
    }
    return { drift, play, at: (hours: number) => void (nowMs = hours * HOUR_MS) }
  }

  it('stays low for traffic like that of training, and rises when the amounts do', () => {
    const [calm, dearer] = [watch(), watch()]
    calm.play(reference(2, 30).subarray(0, 4_000))
    dearer.play(reference(2, 60).subarray(0, 4_000))
    expect(calm.drift.figures()?.features[0]?.psi).toBeLessThan(0.02)
    expect(calm.drift.figures()?.score).toBeLessThan(0.02)
    expect(dearer.drift.figures()?.features).toEqual([{ feature: 'amount', psi: expect.any(Number) }])
    expect(dearer.drift.figures()?.features[0]?.psi).toBeGreaterThan(0.25)
  })

  it('forgets what is older than the window, and says how much of it has passed', () => {
    const { drift, play, at } = watch()
    play(reference(2, 60).subarray(0, 2_000))
    at(12)
    expect(drift.figures()).toMatchObject({ payments: 2_000, filled: 0.5 })
    play(reference(3, 30).subarray(0, 2_000))
    expect(drift.figures()?.payments).toBe(4_000)
    at(25)
    expect(drift.figures()).toMatchObject({ payments: 2_000, filled: 1 })
    expect(drift.figures()?.features[0]?.psi).toBeLessThan(0.05)
    at(100)
    expect(drift.figures()).toBeNull()
  })

  it('says nothing of fewer than a thousand payments, and counts none that lacked its journals or was not scored', () => {
    const { drift, play } = watch()
    play(reference(2, 30).subarray(0, 999))
    play(reference(2, 30).subarray(0, 5_000), { degraded: ['journals:incomplete'] })
    play(reference(2, 30).subarray(0, 5_000), { scored: null })
    expect(drift.figures()).toBeNull()
    play([30])
    expect(drift.figures()?.payments).toBe(1_000)
  })

  it('looks at no more than sixteen payments of a batch, at other places each time', () => {
    const { drift } = watch()
    const scored = { value: 0.5, contributions: [] }
    const batch = Array.from({ length: 256 }, (_, i) => batchEventOf({}, { amount: i + 1, scored }))
    for (let i = 0; i < 160; i++) drift.count(batch)
    const figures = drift.figures()
    expect(figures?.payments).toBe(2_560)
    // Every place was seen as often as any other: the amounts are as they would be had all been counted.
    const { edges, shares } = fitFingerprint(reference(1, 30))
    const all = new Float64Array(shares.length)
    for (const { amount } of batch) all[binOf(amount, edges)]! += 1
    expect(figures?.features[0]?.psi).toBeCloseTo(stabilityIndex(shares, all), 9)
  })
})
