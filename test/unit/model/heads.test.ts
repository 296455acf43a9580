// The arithmetic of both heads against brute force.
import * as tf from '@tensorflow/tfjs-core'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAttribution } from '../../../src/model/attribution.ts'
import { readyBackend } from '../../../src/model/backend.ts'
import { codedWidth, codeRow, featureOfInput, fitCoding } from '../../../src/model/coding.ts'
import { predict } from '../../../src/model/network.ts'
import { fitTail, rarityOf } from '../../../src/model/rarity.ts'
import { createRarityNet, createRarityShares, rarityScore } from '../../../src/model/rarity-net.ts'
import { reliability } from '../../../src/model/reliability.ts'
import { transformed } from '../../../src/model/scaling.ts'
import { createSupervisedNet } from '../../../src/model/supervised-net.ts'

beforeAll(() => readyBackend())

const numbers = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 200 })

describe('rarity', () => {
  it('is the negative log of the share of values at least as odd, at every knot, for either end', () => {
    fc.assert(
      fc.property(numbers, fc.constantFrom('high', 'low'), (values, odd) => {
        const feature = { transform: 'linear', odd } as const
        const tail = fitTail(Float64Array.from(values), feature)
        const sign = odd === 'low' ? -1 : 1
        for (const [i, knot] of tail.knots.entries()) {
          const asOdd = values.filter((value) => sign * value >= knot).length
          expect(tail.rarity[i]).toBeCloseTo(-Math.log(asOdd / values.length), 9)
          expect(rarityOf(sign * knot, { ...feature, tail })).toBeCloseTo(tail.rarity[i] ?? 0, 9)
        }
      }),
    )
  })

  it('never falls as a value grows odder, and is 0 for what is unknown', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (values, a, b) => {
          const feature = { transform: 'log', odd: 'high' } as const
          const tailed = { ...feature, tail: fitTail(Float64Array.from(values), feature) }
          const [low, high] = [Math.min(a, b), Math.max(a, b)].map((value) =>
            rarityOf(transformed(value, 'log'), tailed),
          )
          expect(low).toBeLessThanOrEqual(high!)
          expect(rarityOf(Number.NaN, tailed)).toBe(0)
        },
      ),
    )
  })

  it('adds up over groups as the 4-norm of root mean squares, with shares that are exact', () => {
    const features = ['a', 'b', 'a', 'c', 'a', 'b'].map((group) => ({ group }))
    const net = createRarityNet(features)
    const shares = new Float64Array(features.length)
    const rarities = fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(rarities, (row) => {
        const rms = ['a', 'b', 'c'].map((group) => {
          const members = row.filter((_, i) => features[i]?.group === group)
          return Math.sqrt(members.reduce((sum, value) => sum + value ** 2, 0) / members.length)
        })
        const norm = rms.reduce((sum, value) => sum + value ** 4, 0) ** 0.25
        const input = Float32Array.from(row)
        expect(rarityScore(predict(net, input, 1)[0] ?? 0)).toBeCloseTo(norm, 4)
        createRarityShares(features)(input, 0, shares)
        const total = shares.reduce((sum, share) => sum + share, 0)
        expect(total).toBeCloseTo(norm > 0 && total > 0 ? 1 : 0, 6)
      }),
    )
    net.dispose()
  })
})

describe('the coding of the supervised head', () => {
  it('fills the intervals below a value, part of the one it is in, and none above', () => {
    fc.assert(
      fc.property(numbers, fc.double({ min: -2e4, max: 2e4, noNaN: true }), (values, value) => {
        const coding = fitCoding(Float64Array.from(values), { transform: 'linear' })
        const out = new Float32Array(codedWidth([{ coding }]))
        codeRow([{ coding }], Float64Array.of(value), 0, out, 0, out.length)
        const [first = 0] = coding.knots
        const intervals = coding.knots.slice(1).map((knot, i) => knot - (coding.knots[i] ?? 0))
        const covered = intervals.reduce((sum, length, i) => sum + length * (out[i] ?? 0), first)
        const clamped = Math.max(first, Math.min(coding.knots.at(-1) ?? first, value))
        expect(Math.abs(covered - clamped)).toBeLessThan(1e-2)
        expect(featureOfInput([{ coding }])).toHaveLength(out.length)
      }),
    )
  })

  it('flags what is unknown', () => {
    const coding = fitCoding(Float64Array.of(1, 2, 3, Number.NaN), { transform: 'linear' })
    const out = new Float32Array(codedWidth([{ coding }]))
    codeRow([{ coding }], Float64Array.of(Number.NaN), 0, out, 0, out.length)
    expect(out.at(-1)).toBe(1)
    codeRow([{ coding }], Float64Array.of(2), 0, out, 0, out.length)
    expect(out.at(-1)).toBe(0)
  })
})

describe('the attribution of the supervised head', () => {
  it('is complete: the parts add up to the difference of the outputs', () => {
    const width = 30
    const net = createSupervisedNet(width, 3, -2)
    const row = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: width, maxLength: width })
    const parts = new Float64Array(width)
    fc.assert(
      fc.property(row, row, (from, to) => {
        const [baseline, input] = [Float32Array.from(from), Float32Array.from(to)]
        const [below = 0, above = 0] = [predict(net, baseline, 1)[0], predict(net, input, 1)[0]]
        createAttribution(net, baseline)(input, parts)
        const sum = parts.reduce((total, part) => total + part, 0)
        expect(Math.abs(sum - (above - below))).toBeLessThan(1e-4)
        for (const [i, part] of parts.entries()) if (from[i] === to[i]) expect(part + 0).toBe(0)
      }),
      { seed: 5, numRuns: 60 },
    )
    net.dispose()
  })

  it('is the integral of the gradients along the line, as a sum of 2,000 midpoints has it', () => {
    const width = 12
    const steps = 2_000
    const net = createSupervisedNet(width, 4, -2)
    const value = fc.double({ min: -2, max: 2, noNaN: true })
    const row = fc.array(value, { minLength: width, maxLength: width })
    const parts = new Float64Array(width)
    fc.assert(
      fc.property(row, row, (from, to) => {
        const [baseline, input] = [Float32Array.from(from), Float32Array.from(to)]
        createAttribution(net, baseline)(input, parts)
        const path = Float32Array.from({ length: steps * width }, (_, at) => {
          const [start, end] = [baseline[at % width] ?? 0, input[at % width] ?? 0]
          return start + ((Math.floor(at / width) + 0.5) / steps) * (end - start)
        })
        const slopes = tf.tidy(() => {
          const output = (points: tf.Tensor): tf.Tensor =>
            tf.sum(net.apply(points, { training: false }) as tf.Tensor)
          return tf
            .grad(output)(tf.tensor2d(path, [steps, width]))
            .dataSync()
        })
        for (let i = 0; i < width; i++) {
          let mean = 0
          for (let step = 0; step < steps; step++) mean += (slopes[step * width + i] ?? 0) / steps
          expect(parts[i]).toBeCloseTo(((input[i] ?? 0) - (baseline[i] ?? 0)) * mean, 2)
        }
      }),
      { seed: 6, numRuns: 20 },
    )
    net.dispose()
  })
})

describe('reliability', () => {
  it('counts every payment once and compares what was said with what came', () => {
    const bins = reliability([0.0001, 0.02, 0.02, 0.9, 0.7], [false, true, false, true, true])
    expect(bins).toEqual([
      { predicted: 0.0001, observed: 0, payments: 1 },
      { predicted: 0.02, observed: 0.5, payments: 2 },
      { predicted: 0.8, observed: 1, payments: 2 },
    ])
  })
})
