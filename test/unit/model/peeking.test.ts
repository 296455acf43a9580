// A feature that peeks is caught: what the training set holds is what the journals held up to each payment, recounted.
import { beforeAll, describe, expect, it } from 'vitest'
import { readFeatures } from '../../../src/cli/train.ts'
import { simulatedRecords, type TrainingRecord } from '../../../src/model/training-records.ts'
import { collectTrainingSet } from '../../../src/model/training-set.ts'
import { loadRates } from '../../../src/payment/rates.ts'
import { HORIZONS } from '../../support/horizons.ts'
import { type RecountedRow, recountedRows } from './journal-prefix.ts'

const FEATURES = readFeatures('models/features.yaml')
const OPTIONS = { seed: 3, startMs: Date.UTC(2026, 0, 5), customers: 40, fraudShare: 0.06 }
const EVENTS = 2_500
const EACH = 3

const records = (): TrainingRecord[] => [...simulatedRecords(OPTIONS, EVENTS)]
const collected = (of: readonly TrainingRecord[]) =>
  collectTrainingSet({
    features: FEATURES,
    rates: loadRates('rates.yaml'),
    records: of,
    horizons: HORIZONS,
    cacheBytes: 64_000_000,
    maxMessageBytes: 262_144,
    onProgress: () => undefined,
  })

let rows: readonly (RecountedRow | null)[] = []
beforeAll(async () => {
  rows = await recountedRows(FEATURES, records(), EACH)
}, 60_000)

/** Features whose value differs from the recount somewhere. */
function wrongFeatures(matrix: Float64Array): string[] {
  expect(rows.length * FEATURES.length).toBe(matrix.length)
  const wrong = FEATURES.filter((_, column) =>
    rows.some(
      (row, i) => row !== null && !isSame(matrix[i * FEATURES.length + column]!, row.values[column]!),
    ),
  )
  return wrong.map(({ id }) => id)
}

/** Trigonometry of the recount is another formula; all else is equal to the bit. */
function isSame(actual: number, expected: number): boolean {
  if (Object.is(actual, expected)) return true
  return Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
}

describe('the features of the training set', () => {
  it('are those of the journals up to each payment', async () => {
    expect(wrongFeatures((await collected(records())).matrix)).toEqual([])
  })

  it('are found wrong when labels are known before their time', async () => {
    const early = new Map<string, TrainingRecord[]>()
    for (const record of records()) {
      if (record.kind !== 'label') continue
      const { event } = JSON.parse(String(record.output.value)) as { event: string }
      early.set(event, [...(early.get(event) ?? []), record])
    }
    const peeking = records().flatMap((record) => {
      if (record.kind === 'label') return []
      return record.kind === 'event'
        ? [record, ...labelsAtOnce(record, early.get(record.id) ?? [])]
        : [record]
    })
    const wrong = wrongFeatures((await collected(peeking)).matrix)
    expect(wrong.length).toBeGreaterThan(0)
    expect(wrong.every((id) => /fraud/.test(id))).toBe(true)
  })

  it('are found wrong when a row holds what the next one will know', async () => {
    const { matrix } = await collected(records())
    const peeking = matrix.slice()
    peeking.copyWithin(0, FEATURES.length)
    expect(wrongFeatures(peeking).length).toBeGreaterThan(FEATURES.length / 2)
  })
})

/** The labels of an event as if they had been known with it. */
function labelsAtOnce(
  event: Extract<TrainingRecord, { kind: 'event' | 'label' }>,
  labels: readonly TrainingRecord[],
): TrainingRecord[] {
  const { time } = JSON.parse(String(event.output.value)) as { time: string }
  return labels.map((label) => {
    if (label.kind === 'later-label') return label
    const value = JSON.stringify({ ...JSON.parse(String(label.output.value)), time })
    return { ...label, output: { ...label.output, value } }
  })
}
