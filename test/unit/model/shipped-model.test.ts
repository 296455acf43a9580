// The model in models/, as a newcomer gets it: the command in its manifest makes it again.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BatchEvent } from '../../../src/batch.ts'
import { readFeatures } from '../../../src/cli/train.ts'
import { loadScorer } from '../../../src/model/load-scorer.ts'
import { manifestSchema } from '../../../src/model/manifest.ts'
import { modelCard } from '../../../src/model/model-card.ts'
import { currentVersion } from '../../../src/model/read-model.ts'
import { trainingReport } from '../../../src/model/report.ts'
import type { Scorer } from '../../../src/model/scorer.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { simulatedPayments } from './simulated-payments.ts'
import { HORIZONS } from '../../support/horizons.ts'

const FOLDER = join('models', currentVersion('models'))
const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(FOLDER, 'manifest.json'), 'utf8')))

let scorer: Scorer
let payments: readonly BatchEvent[]

beforeAll(async () => {
  const windows = createWindowSet()
  scorer = await loadScorer({
    dir: 'models',
    version: 'current',
    windows,
    horizons: HORIZONS,
    explainAbove: 0,
  })
  payments = await simulatedPayments({
    windows,
    seed: 77,
    startMs: Date.UTC(2026, 5, 1),
    customers: 100,
    events: 1_500,
    batchRecords: () => 100,
  })
})
afterAll(() => scorer.close())

const scoresOf = (events: readonly BatchEvent[]): string[] =>
  scorer.score(events).map((score) => JSON.stringify(score))

describe('the shipped model', () => {
  it('gives a payment with its history the same bytes in every batch and order', () => {
    const alone = payments.flatMap((payment) => scoresOf([payment]))
    for (const size of [7, 64, 256, payments.length]) {
      const scores: string[] = []
      for (let at = 0; at < payments.length; at += size)
        scores.push(...scoresOf(payments.slice(at, at + size)))
      expect(scores).toEqual(alone)
    }
    const index = fc.nat({ max: payments.length - 1 })
    fc.assert(
      fc.property(fc.array(index, { minLength: 1, maxLength: 300 }), (order) => {
        const batch = order.flatMap((i) => payments[i] ?? [])
        expect(scoresOf(batch)).toEqual(order.map((i) => alone[i]))
      }),
      { numRuns: 50 },
    )
  })

  it('scores within 0 and 1 and explains with at most five shares of at most the whole, largest first', () => {
    for (const { value, contributions } of scorer.score(payments)) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThanOrEqual(1)
      const shares = contributions.map(({ share }) => share)
      expect(shares.length).toBeLessThanOrEqual(5)
      expect(shares).toEqual(shares.toSorted((a, b) => b - a))
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1.001)
    }
  })

  it('has the features of the catalogue', () => {
    const stated = manifest.features.map(({ id, cel, usual, description, transform, odd, group }) => ({
      id,
      cel,
      usual,
      description,
      transform,
      odd,
      group,
    }))
    expect(stated).toEqual(readFeatures('models/features.yaml'))
    expect(stated.length).toBeGreaterThanOrEqual(40)
  })

  it('has no feature that never changed, and probabilities that rise with the fraud', () => {
    expect(manifest.features.filter(({ tail }) => tail.knots.length < 2).map(({ id }) => id)).toEqual([])
    const bins = manifest.supervised?.reliability ?? []
    // Fraud comes in campaigns, so that a bin's share is far less certain than of as many payments that are independent: what is
    // held to is that the shares rise, and that as much fraud came as was expected, to a third.
    const shares = bins.map(({ observed }) => observed)
    expect(shares.length).toBeGreaterThan(5)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    const total = (of: 'predicted' | 'observed') => bins.reduce((sum, bin) => sum + bin[of] * bin.payments, 0)
    expect(Math.abs(total('predicted') / total('observed') - 1)).toBeLessThan(1 / 3)
  })

  it('has a card that was made from its manifest, and says what simulated figures are worth', () => {
    const card = readFileSync(join(FOLDER, 'MODEL_CARD.md'), 'utf8')
    expect(card).toBe(modelCard(manifest))
    expect(card).toContain('prove nothing about real traffic')
    expect(manifest.training.source).toContain('simulator')
    expect(manifest.training.command).toMatch(
      new RegExp(`^paysentry train --simulate .* --name ${manifest.version}$`),
    )
  })

  it('has a report that was made from its manifest, with its curves in it and nothing from elsewhere', () => {
    const report = readFileSync(join(FOLDER, 'report.html'), 'utf8')
    expect(report).toBe(trainingReport(manifest))
    expect(report.match(/<svg /g)).toHaveLength(2)
    expect(report).not.toMatch(/NaN|undefined|https?:|<script/)
  })

  it('ranks simulated fraud better than the amount alone does, or it would not be worth its time', () => {
    const { model, rarity, amount_alone: amount } = manifest.metrics
    for (const measure of ['auc', 'average_precision', 'recall_at_1_percent_false_positives']) {
      expect(rarity?.[measure]).toBeGreaterThan(amount?.[measure] ?? 1)
      expect(model?.[measure]).toBeGreaterThan(amount?.[measure] ?? 1)
    }
  })

  it('is small enough for a repository', () => {
    const bytes = readdirSync(FOLDER).reduce((sum, file) => sum + statSync(join(FOLDER, file)).size, 0)
    expect(bytes).toBeLessThan(600_000)
  })
})
