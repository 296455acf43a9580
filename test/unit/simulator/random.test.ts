import { describe, expect, it } from 'vitest'
import { createRandom, type Random } from '../../../src/simulator/random.ts'

const mean = (draw: (random: Random) => number, seed = 7): number => {
  const random = createRandom(seed, 0)
  let sum = 0
  for (let i = 0; i < 100_000; i++) sum += draw(random)
  return sum / 100_000
}

describe('the random source', () => {
  it('gives the same numbers for the same seed and stream', () => {
    const draw = () => {
      const random = createRandom(42, 3)
      return Array.from({ length: 5 }, () => random.int(1_000_000))
    }
    expect(draw()).toEqual(draw())
    expect(draw()).toEqual([80_873, 173_159, 633_299, 981_826, 9_752])
  })

  it('gives other numbers for another seed, high bits included, and for another stream', () => {
    const sources = [createRandom(1, 0), createRandom(1, 1), createRandom(2, 0), createRandom(1 + 2 ** 32, 0)]
    const firsts = sources.map((random) => random.uniform())
    expect(new Set(firsts).size).toBe(4)
  })

  it('stays in [0, 1) and is even', () => {
    const random = createRandom(1, 0)
    const tenths = Array.from({ length: 10 }, () => 0)
    for (let i = 0; i < 100_000; i++) {
      const value = random.uniform()
      expect(value >= 0 && value < 1).toBe(true)
      tenths[Math.floor(value * 10)]! += 1
    }
    // Standard deviation of a tenth's count is 95.
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(450)
  })

  it('has the means of its distributions', () => {
    expect(mean((random) => random.normal())).toBeCloseTo(0, 1)
    expect(mean((random) => random.normal() ** 2)).toBeCloseTo(1, 1)
    expect(mean((random) => random.exponential(5))).toBeCloseTo(5, 0)
    expect(mean((random) => random.whole(2, 4))).toBeCloseTo(3, 1)
    expect(mean((random) => (random.logNormal(20, 1) < 20 ? 1 : 0))).toBeCloseTo(0.5, 1)
    expect(mean((random) => (random.chance(0.3) ? 1 : 0))).toBeCloseTo(0.3, 1)
  })

  it('ranks by Zipf: the first of 100 about twice as often as the second, all in range', () => {
    const random = createRandom(1, 0)
    const counts = Array.from({ length: 100 }, () => 0)
    for (let i = 0; i < 100_000; i++) counts[random.zipf(100)]! += 1
    expect(counts.reduce((sum, count) => sum + count)).toBe(100_000)
    expect(counts[0]! / counts[1]!).toBeGreaterThan(1.5)
    expect(counts[0]! / counts[1]!).toBeLessThan(2.2)
    expect(counts[99]).toBeGreaterThan(0)
  })

  it('refuses to pick from nothing', () => {
    expect(() => createRandom(1, 0).pick([])).toThrow(RangeError)
  })
})
