// Sums of whole numbers and of their squares without rounding, however many and in whatever order: so that a window's number does
// not depend on how its records were grouped. Numbers are kept as limbs of 32 bits in doubles; the lowest first.

const LIMB = 0x1_0000_0000
/** What fits into 26 bits has a square that a double holds. */
const SMALL = 0x400_0000

/** Limbs of a sum: values below 2^53, up to 2^31 of them. */
export const SUM_LIMBS = 3
/** Limbs of a sum of squares: squares below 2^106, up to 2^22 of them. */
export const SQUARE_LIMBS = 4

/** Adds a whole number from 0 to 2^53 - 1 to the sum that stands in `limbs` from `at` on. */
export function addAmount(limbs: Float64Array, at: number, amount: number): void {
  const high = Math.floor(amount / LIMB)
  limbs[at] = (limbs[at] ?? 0) + (amount - high * LIMB)
  limbs[at + 1] = (limbs[at + 1] ?? 0) + high
  carry(limbs, at, SUM_LIMBS)
}

/** Adds the square of a whole number from 0 to 2^53 - 1. */
export function addSquare(limbs: Float64Array, at: number, amount: number): void {
  if (amount < SMALL) {
    const square = amount * amount
    const high = Math.floor(square / LIMB)
    limbs[at] = (limbs[at] ?? 0) + (square - high * LIMB)
    limbs[at + 1] = (limbs[at + 1] ?? 0) + high
  } else {
    // amount = c 2^32 + b 2^16 + a, so that every product below has at most 43 bits.
    const c = Math.floor(amount / LIMB)
    const low = amount - c * LIMB
    const b = Math.floor(low / 0x1_0000)
    const a = low - b * 0x1_0000
    const ab = 2 * a * b
    const bc = 2 * b * c
    const abHigh = Math.floor(ab / 0x1_0000)
    const bcHigh = Math.floor(bc / 0x1_0000)
    limbs[at] = (limbs[at] ?? 0) + a * a + (ab - abHigh * 0x1_0000) * 0x1_0000
    limbs[at + 1] = (limbs[at + 1] ?? 0) + abHigh + b * b + 2 * a * c + (bc - bcHigh * 0x1_0000) * 0x1_0000
    limbs[at + 2] = (limbs[at + 2] ?? 0) + bcHigh + c * c
  }
  carry(limbs, at, SQUARE_LIMBS)
}

/** Adds the `count` limbs that stand in `from` at `fromAt`. */
export function addLimbs(
  limbs: Float64Array,
  at: number,
  from: Float64Array,
  fromAt: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) limbs[at + i] = (limbs[at + i] ?? 0) + (from[fromAt + i] ?? 0)
  carry(limbs, at, count)
}

/** The limbs as a double, rounded where they exceed 2^53. */
export function limbsToNumber(limbs: Float64Array, at: number, count: number): number {
  const low = (limbs[at] ?? 0) + (limbs[at + 1] ?? 0) * LIMB
  for (let i = 2; i < count; i++) {
    if (limbs[at + i] !== 0) return Number(limbsToBigInt(limbs, at, count))
  }
  return low <= Number.MAX_SAFE_INTEGER ? low : Number(limbsToBigInt(limbs, at, count))
}

export function limbsToBigInt(limbs: Float64Array, at: number, count: number): bigint {
  let value = 0n
  for (let i = count - 1; i >= 0; i--) value = (value << 32n) + BigInt(limbs[at + i] ?? 0)
  return value
}

/**
 * n Q - S^2 for the sum S and the sum of squares Q of n numbers: n (n - 1) times their sample variance. Exact but for one rounding at
 * the end.
 */
export function spreadOf(count: number, sums: Float64Array, sumAt: number, squaresAt: number): number {
  const sum = limbsToNumber(sums, sumAt, SUM_LIMBS)
  const squares = limbsToNumber(sums, squaresAt, SQUARE_LIMBS)
  // Products that a double holds exactly; by the inequality of Cauchy and Schwarz the second is not larger than the first.
  if (count * squares <= Number.MAX_SAFE_INTEGER) return count * squares - sum * sum
  const exactSum = limbsToBigInt(sums, sumAt, SUM_LIMBS)
  return Number(BigInt(count) * limbsToBigInt(sums, squaresAt, SQUARE_LIMBS) - exactSum * exactSum)
}

function carry(limbs: Float64Array, at: number, count: number): void {
  for (let i = 0; i < count - 1; i++) {
    const limb = limbs[at + i] ?? 0
    if (limb < LIMB) continue
    const over = Math.floor(limb / LIMB)
    limbs[at + i] = limb - over * LIMB
    limbs[at + i + 1] = (limbs[at + i + 1] ?? 0) + over
  }
}
