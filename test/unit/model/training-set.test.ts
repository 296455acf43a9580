import { describe, expect, it } from 'vitest'
import { readFeatures } from '../../../src/cli/train.ts'
import { compileFeatures } from '../../../src/model/features.ts'
import { simulatedRecords } from '../../../src/model/training-records.ts'
import type { TrainingSet } from '../../../src/model/training-rows.ts'
import { collectTrainingSet } from '../../../src/model/training-set.ts'
import { loadRates } from '../../../src/payment/rates.ts'
import { createRandom } from '../../../src/simulator/random.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'
import { simulatedPayments } from './simulated-payments.ts'

const FEATURES = [
  ...readFeatures('models/features.yaml'),
  // Labels stand in the journals of both.
  {
    id: 'merchant_frauds',
    cel: "count(merchant, '30d', fraud)",
    description: 'Labelled',
    transform: 'log',
    odd: 'high',
    group: 'labels',
  },
] as const
const START_MS = Date.UTC(2026, 0, 5)
const EVENTS = 6_000
const CUSTOMERS = 50

const collect = (options: { seed?: number; cel?: string; events?: number } = {}): Promise<TrainingSet> =>
  collectTrainingSet({
    features: FEATURES.map((feature, i) =>
      i < 2 && options.cel !== undefined ? { ...feature, cel: options.cel } : feature,
    ),
    rates: loadRates('rates.yaml'),
    records: simulatedRecords(
      { seed: options.seed ?? 7, startMs: START_MS, customers: CUSTOMERS },
      options.events ?? EVENTS,
    ),
    horizons: HORIZONS,
    cacheBytes: 134_217_728,
    maxMessageBytes: 262_144,
    onProgress: () => undefined,
  })

/** Bytes, because NaN equals nothing and must be equal here. */
const bytesOf = (values: Float64Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength)

describe('the training set', () => {
  it('has the rows that serving computes, to the bit, in other batches and with labels between them', async () => {
    const set = await collect()
    const windows = createWindowSet()
    // In serving, rules have registered their windows first, so that every slot is another one.
    windows.slot({
      fn: 'count',
      entity: 'payee',
      counterpart: null,
      lengthMs: 1_000,
      delayMs: 0,
      kind: 'payment',
    })
    const problems: string[] = []
    const read = compileFeatures(FEATURES, { windows, horizons: HORIZONS }, problems)
    expect(problems).toEqual([])
    const random = createRandom(9, 0)
    const payments = await simulatedPayments({
      windows,
      seed: 7,
      startMs: START_MS,
      customers: CUSTOMERS,
      events: EVENTS,
      batchRecords: () => random.whole(1, 40),
    })
    expect(payments).toHaveLength(set.rows)
    const matrix = new Float64Array(payments.length * FEATURES.length)
    for (const [i, payment] of payments.entries()) read(payment, matrix, i * FEATURES.length)
    expect(bytesOf(matrix).equals(bytesOf(set.matrix))).toBe(true)
    expect([set.fromMs, set.toMs]).toEqual([payments[0]?.timeMs, payments.at(-1)?.timeMs])
  })

  it('is the same for the same options, and another for another seed', async () => {
    const [first, again, other] = [await collect(), await collect(), await collect({ seed: 4 })]
    expect(again.digest).toBe(first.digest)
    expect(again.isFraud).toEqual(first.isFraud)
    expect(other.digest).not.toBe(first.digest)
  })

  it('gives every feature but those of labels values that differ, some of them known', async () => {
    const { matrix, rows } = await collect()
    const constant = FEATURES.filter(({ id }, column) => {
      // So few people are hardly ever defrauded twice; the shipped model's test looks at these.
      if (id.endsWith('_frauds_30d')) return false
      const values = Array.from({ length: rows }, (_, row) => matrix[row * FEATURES.length + column])
      return new Set(values).size < 2 || values.every((value) => !Number.isFinite(value))
    })
    expect(constant.map(({ id }) => id)).toEqual([])
  })

  it('never peeks: the rows of the first half are the same when the second half never comes', async () => {
    const [all, half] = [await collect(), await collect({ events: EVENTS / 2 })]
    expect(half.rows).toBeGreaterThan(EVENTS / 4)
    expect(bytesOf(half.matrix).equals(bytesOf(all.matrix.subarray(0, half.matrix.length)))).toBe(true)
  })

  it('knows of each row when a label said that it is fraud, also after the last event', async () => {
    const { labelledMs, timesMs, isFraud, toMs } = await collect()
    const labelled = isFraud.filter((_, row) => Number.isFinite(labelledMs[row]))
    expect(labelled.length).toBeGreaterThan(5)
    expect(labelled.every(Boolean)).toBe(true)
    for (const [row, ms] of labelledMs.entries())
      if (ms <= (timesMs[row] ?? 0)) expect.fail('a label before its event')
    expect(labelledMs.some((ms) => ms > toMs)).toBe(true)
  })

  it('names every feature that does not compile', async () => {
    await expect(collect({ cel: 'amuont' })).rejects.toThrow(
      /feature amount, .*\n.*feature amount_to_card_mean_30d, /,
    )
  })
})
