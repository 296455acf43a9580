// Logistic regression by Newton's method, with a ridge on all weights but the constant.
import { factor, solve } from './cholesky.ts'

const RIDGE = 1
const STEPS = 30
const CLOSE_ENOUGH = 1e-8
/** Of any weight: keeps the first steps from overshooting. */
const LONGEST_STEP = 4

/** Weights, one an input and the constant last, for rows that stand one after another in `table`. */
export function fitLogistic(table: Float64Array, truths: Uint8Array): Float64Array {
  const inputs = table.length / truths.length
  const size = inputs + 1
  const weights = new Float64Array(size)
  const share = truths.reduce((sum, truth) => sum + truth, 0) / truths.length
  weights[inputs] = Math.log(share / (1 - share))
  const row = new Float64Array(size).fill(1)
  for (let step = 0; step < STEPS; step++) {
    const curvature = new Float64Array(size * size)
    const slope = Float64Array.from(weights, (weight, i) => (i < inputs ? -RIDGE * weight : 0))
    for (let i = 0; i < inputs; i++) curvature[i * size + i] = RIDGE
    curvature[size * size - 1] = 1e-9
    for (const [n, truth] of truths.entries()) {
      row.set(table.subarray(n * inputs, (n + 1) * inputs))
      const p = 1 / (1 + Math.exp(-row.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0)))
      add(curvature, slope, row, p * (1 - p), truth - p)
    }
    solve(factor(curvature, size), slope)
    const moved = slope.reduce((most, change) => Math.max(most, Math.abs(change)), 0)
    const part = Math.min(1, LONGEST_STEP / moved)
    for (let i = 0; i < size; i++) weights[i] = (weights[i] ?? 0) + part * (slope[i] ?? 0)
    if (moved < CLOSE_ENOUGH) break
  }
  return weights
}

/** Adds one row to the lower triangle of the curvature and to the slope. Most inputs are 0 in most rows. */
function add(
  curvature: Float64Array,
  slope: Float64Array,
  row: Float64Array,
  curve: number,
  error: number,
): void {
  const size = row.length
  for (let i = 0; i < size; i++) {
    const value = row[i] ?? 0
    if (value === 0) continue
    slope[i] = (slope[i] ?? 0) + error * value
    const scaled = curve * value
    for (let j = 0; j <= i; j++)
      curvature[i * size + j] = (curvature[i * size + j] ?? 0) + scaled * (row[j] ?? 0)
  }
}
