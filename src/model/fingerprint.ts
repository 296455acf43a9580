// What the values of a feature looked like in training, as shares of bins, and how far other counts of the same bins are from that:
// the population stability index, sum of (a - e) ln(a / e) over the bins (Siddiqi, "Credit Risk Scorecards", 2006; its
// large-sample behaviour: Yurdakul and Naranjo, "Statistical properties of the population stability index", 2020).
import { quantileOf } from './scaling.ts'

export interface Fingerprint {
  /** Upper bounds of the bins, ascending; a last bin is above them, and one more holds what is unknown. */
  readonly edges: number[]
  /** Of the training rows, one a bin. */
  readonly shares: number[]
}

/** Tenths, and the tail, where what is odd lies. */
const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99] as const
/** A bin that was never seen counts as so rare: the logarithm of nothing would outweigh every other bin. */
const LEAST_SHARE = 1e-4
const DECIMALS = 1e6

/** Bins at the quantiles of the values; the ones that are not finite are unknown. */
export function fitFingerprint(values: Float64Array): Fingerprint {
  const known = values.filter((value) => Number.isFinite(value)).sort()
  const edges = known.length === 0 ? [] : [...new Set(QUANTILES.map((q) => quantileOf(known, q)))]
  const counts = new Float64Array(edges.length + 2)
  for (const value of values) {
    const bin = binOf(value, edges)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return {
    edges,
    shares: Array.from(counts, (count) => Math.round((count / values.length) * DECIMALS) / DECIMALS),
  }
}

/** Index of the value's bin. */
export function binOf(value: number, edges: readonly number[]): number {
  if (!Number.isFinite(value)) return edges.length + 1
  let bin = 0
  while (bin < edges.length && value > (edges[bin] ?? 0)) bin++
  return bin
}

/** How far these counts, one a bin, are from the shares of training: 0 when they are the same. NaN without counts. */
export function stabilityIndex(shares: readonly number[], counts: ArrayLike<number>): number {
  let total = 0
  for (let bin = 0; bin < shares.length; bin++) total += counts[bin] ?? 0
  if (total === 0) return Number.NaN
  let sum = 0
  for (const [bin, share] of shares.entries()) {
    const expected = Math.max(LEAST_SHARE, share)
    const actual = Math.max(LEAST_SHARE, (counts[bin] ?? 0) / total)
    sum += (actual - expected) * Math.log(actual / expected)
  }
  return sum
}
