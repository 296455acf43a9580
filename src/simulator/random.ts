// The simulator's own source of randomness: sfc32, seeded by splitmix32. One seed gives many independent streams,
// and the same seed and stream give the same even numbers on every machine (the curved ones as exact as V8's exp, log and cos).

export interface Random {
  /** In [0, 1), 32 bits. */
  uniform(): number
  /** A whole number in [0, n). */
  int(n: number): number
  /** In [min, max). */
  between(min: number, max: number): number
  /** A whole number from min to max, both included. */
  whole(min: number, max: number): number
  chance(probability: number): boolean
  /** Standard normal. */
  normal(): number
  /** exp(N(ln median, sigma²)). */
  logNormal(median: number, sigma: number): number
  exponential(mean: number): number
  /** One of the items with equal chances. Throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T
  /** An index in [0, n), index i about in proportion to 1 / (i + 1) (Zipf's law with exponent 1). */
  zipf(n: number): number
}

const TWO_POW_32 = 4_294_967_296
const GOLDEN = 0x9e37_79b9

/**
 * sfc32 by Chris Doty-Humphrey (PractRand 0.95), whose cycle is at least 2^32 whatever the state.
 * `seed` is a whole number from 0 to 2^53 - 1; `stream` a whole number that names what the numbers are for.
 */
export function createRandom(seed: number, stream: number): Random {
  let state = mix(mix(mix(seed >>> 0) + Math.floor(seed / TWO_POW_32)) + stream)
  const seedWord = (): number => {
    state = (state + GOLDEN) | 0
    return mix(state)
  }
  let a = seedWord()
  let b = seedWord()
  let c = seedWord()
  let counter = 1

  const uniform = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / TWO_POW_32
  }
  // The author's seeding: twelve rounds before the first number is used.
  for (let round = 0; round < 12; round++) uniform()

  const int = (n: number): number => Math.floor(uniform() * n)
  // Box and Muller 1958; the second of the pair is thrown away, so that no state lies outside sfc32.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return {
    uniform,
    int,
    between: (min, max) => min + (max - min) * uniform(),
    whole: (min, max) => min + int(max - min + 1),
    chance: (probability) => uniform() < probability,
    normal,
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    pick: (items) => {
      const item = items[int(items.length)]
      if (item === undefined) throw new RangeError('Nothing to pick from')
      return item
    },
    // The inverse of the continuous law's distribution function, ln(x) / ln(n + 1), rounded down.
    zipf: (n) => Math.min(n - 1, Math.floor((n + 1) ** uniform()) - 1),
  }
}

/** The finaliser of splitmix32: every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let word = value | 0
  word = Math.imul(word ^ (word >>> 16), 0x21f0_aaad)
  word = Math.imul(word ^ (word >>> 15), 0x735a_2d97)
  return (word ^ (word >>> 15)) | 0
}
