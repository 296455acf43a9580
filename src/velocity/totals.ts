// What windows are made of: how many records, how many with a known amount, sum and sum of squares of the amounts, smallest and
// largest, and how many with a known position. Totals of parts can be joined in any order and any grouping, without rounding.
//
//   totals = count known positions min max 3sum 4squares                  ; doubles
import { addAmount, addLimbs, addSquare, SQUARE_LIMBS, SUM_LIMBS } from './exact-sum.ts'

const KNOWN = 1
const POSITIONS = 2
const MIN = 3
const MAX = 4
export const SUM_AT = 5
export const SQUARES_AT = SUM_AT + SUM_LIMBS
/** Doubles that totals take. */
export const TOTALS = SQUARES_AT + SQUARE_LIMBS

export function createTotals(): Float64Array {
  const totals = new Float64Array(TOTALS)
  clearTotals(totals, 0)
  return totals
}

export function clearTotals(totals: Float64Array, at: number): void {
  totals.fill(0, at, at + TOTALS)
  totals[at + MIN] = Number.POSITIVE_INFINITY
  totals[at + MAX] = Number.NEGATIVE_INFINITY
}

/** Adds one record; an unknown amount is NaN, a missing position 0. */
export function addRow(totals: Float64Array, at: number, amount: number, position: number): void {
  totals[at] = (totals[at] ?? 0) + 1
  if (position !== 0) totals[at + POSITIONS] = (totals[at + POSITIONS] ?? 0) + 1
  if (Number.isNaN(amount)) return
  totals[at + KNOWN] = (totals[at + KNOWN] ?? 0) + 1
  if (amount < (totals[at + MIN] ?? 0)) totals[at + MIN] = amount
  if (amount > (totals[at + MAX] ?? 0)) totals[at + MAX] = amount
  addAmount(totals, at + SUM_AT, amount)
  addSquare(totals, at + SQUARES_AT, amount)
}

/** Adds the totals that stand in `from` at `fromAt`. */
export function addTotals(totals: Float64Array, at: number, from: Float64Array, fromAt: number): void {
  for (let i = 0; i < MIN; i++) totals[at + i] = (totals[at + i] ?? 0) + (from[fromAt + i] ?? 0)
  totals[at + MIN] = Math.min(totals[at + MIN] ?? 0, from[fromAt + MIN] ?? 0)
  totals[at + MAX] = Math.max(totals[at + MAX] ?? 0, from[fromAt + MAX] ?? 0)
  addLimbs(totals, at + SUM_AT, from, fromAt + SUM_AT, SUM_LIMBS)
  addLimbs(totals, at + SQUARES_AT, from, fromAt + SQUARES_AT, SQUARE_LIMBS)
}

export const countOf = (totals: Float64Array, at = 0): number => totals[at] ?? 0
export const knownOf = (totals: Float64Array, at = 0): number => totals[at + KNOWN] ?? 0
export const positionsOf = (totals: Float64Array, at = 0): number => totals[at + POSITIONS] ?? 0
/** Infinity without a known amount. */
export const minOf = (totals: Float64Array, at = 0): number => totals[at + MIN] ?? 0
/** -Infinity without a known amount. */
export const maxOf = (totals: Float64Array, at = 0): number => totals[at + MAX] ?? 0

/** Sets what a bucket of a journal says of its records. */
export function setBounds(
  totals: Float64Array,
  at: number,
  facts: { count: number; known: number; min: number; max: number },
): void {
  totals[at] = facts.count
  totals[at + KNOWN] = facts.known
  totals[at + MIN] = facts.min
  totals[at + MAX] = facts.max
}
