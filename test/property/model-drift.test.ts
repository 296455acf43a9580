// The drift that the simulator can make is seen in the indexes of the features, and none is seen without it.
import { expect, it } from 'vitest'
import { readFeatures } from '../../src/cli/train.ts'
import { createDrift } from '../../src/model/drift.ts'
import { compileFeatures } from '../../src/model/features.ts'
import { fitFingerprint } from '../../src/model/fingerprint.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { HORIZONS } from '../support/horizons.ts'
import { simulatedPayments } from '../unit/model/simulated-payments.ts'

const START_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000
/** Journals reach back 30 days at most: the days compared come after that. */
const FROM_MS = START_MS + 45 * DAY_MS

/** The payments of the days that are compared, and what reads their features. */
async function played(seed: number, driftFromMs?: number) {
  const windows = createWindowSet()
  const features = readFeatures('models/features.yaml')
  const read = compileFeatures(features, { windows, horizons: HORIZONS }, [])
  const payments = await simulatedPayments({
    windows,
    seed,
    startMs: START_MS,
    customers: 160,
    events: 24_000,
    batchRecords: () => 256,
    ...(driftFromMs === undefined ? {} : { driftFromMs }),
  })
  return { features, read, payments: payments.filter(({ timeMs }) => timeMs >= FROM_MS) }
}

it('a drift raises the index of features above 0.25; other traffic without one stays below 0.1', async () => {
  const reference = await played(1)
  const { features, read } = reference
  const rows = reference.payments.map((payment) => {
    const row = new Float64Array(features.length)
    read(payment, row, 0)
    return row
  })
  const fingerprints = features.map(({ id }, i) => ({
    id,
    fingerprint: fitFingerprint(Float64Array.from(rows, (row) => row[i] ?? Number.NaN)),
  }))
  const figuresOf = ({ read: readFeatures, payments }: Awaited<ReturnType<typeof played>>) => {
    const score = { edges: [], shares: [1, 0] }
    const drift = createDrift({ features: fingerprints, score, readFeatures, windowMs: DAY_MS, now: () => 0 })
    const scored = { value: 0.5, contributions: [] }
    for (const payment of payments) drift.count([{ ...payment, scored }])
    return new Map(drift.figures()?.features.map(({ feature, psi }) => [feature, psi]))
  }
  const calm = figuresOf(await played(2))
  expect(calm.size).toBe(features.length)
  expect(Math.max(...calm.values())).toBeLessThan(0.1)
  const drifted = figuresOf(await played(2, FROM_MS))
  expect(Math.max(...drifted.values())).toBeGreaterThan(0.25)
  // One of three purchases in person moves online, and everything is dearer.
  expect(drifted.get('online')).toBeGreaterThan(0.1)
  expect(drifted.get('amount')).toBeGreaterThan(3 * (calm.get('amount') ?? 1))
})
