// Rows in which fraud has a pattern that no single value shows: rare neither in one feature nor in the other, only in both together.
import type { Feature } from '../../../src/model/features.ts'
import type { TrainingSet } from '../../../src/model/training-rows.ts'
import { createRandom } from '../../../src/simulator/random.ts'

const feature = (id: string): Feature => ({
  id,
  cel: 'amount',
  description: id,
  transform: 'linear',
  odd: 'high',
  group: id,
})
export const PATTERN_FEATURES: readonly Feature[] = [feature('a'), feature('b')]
export const DAY_MS = 86_400_000
export const START_MS = Date.UTC(2026, 0, 1)
export const FRAUD_SHARE = 1 / 25

export interface PatternOptions {
  readonly rows?: number
  readonly days?: number
  /** How long after a fraud its label comes. */
  readonly delayMs?: number
}

export function patternedSet({
  rows = 8_000,
  days = 20,
  delayMs = DAY_MS,
}: PatternOptions = {}): TrainingSet {
  const random = createRandom(11, 0)
  const isFraud = Array.from({ length: rows }, () => random.chance(FRAUD_SHARE))
  const matrix = Float64Array.from(
    isFraud.flatMap((fraud) =>
      fraud ? [random.between(0.4, 0.6), random.between(0.4, 0.6)] : [random.uniform(), random.uniform()],
    ),
  )
  const timesMs = Float64Array.from(isFraud, (_, i) => START_MS + (i * days * DAY_MS) / rows)
  return {
    matrix,
    rows,
    timesMs,
    labelledMs: timesMs.map((ms, i) => (isFraud[i] === true ? ms + delayMs : Number.NaN)),
    isFraud,
    campaigns: isFraud.map((fraud, i) => (fraud ? (i % 2 === 0 ? 'even' : 'odd') : null)),
    amounts: Float64Array.from(isFraud, () => Math.round(random.logNormal(40, 1))),
    payers: Uint32Array.from(isFraud, () => random.int(400)),
    events: rows,
    fromMs: timesMs[0] ?? 0,
    toMs: timesMs.at(-1) ?? 0,
    digest: 'cd'.repeat(32),
  }
}

/** The same labels, each at another row of the set and at its time. */
export function withShuffledLabels(set: TrainingSet): TrainingSet {
  const random = createRandom(12, 0)
  const order = Array.from({ length: set.rows }, (_, i) => i)
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.int(i + 1)
    const held = order[i]!
    order[i] = order[j]!
    order[j] = held
  }
  const labelledMs = set.labelledMs.map((_, row) =>
    Number.isFinite(set.labelledMs[order[row]!]) ? set.timesMs[row]! + DAY_MS : Number.NaN,
  )
  return { ...set, labelledMs }
}
