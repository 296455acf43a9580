import { describe, expect, it } from 'vitest'
import { readFeatures } from '../../../src/cli/train.ts'
import { compileFeatures, compileUsual } from '../../../src/model/features.ts'
import { createMemoryStore } from '../../../src/velocity/memory-store.ts'
import { createVelocityStage } from '../../../src/velocity/velocity.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'
import { batchFrom, type Fact, pseudonymiser } from '../velocity/traffic.ts'

const FEATURES = readFeatures('models/features.yaml')
const DAY_MS = 86_400_000

/** What the shipped features say is usual for the last of the payments, by feature; NaN is unknown. */
async function usualAfter(facts: readonly Fact[]): Promise<Record<string, number>> {
  const windows = createWindowSet()
  const problems: string[] = []
  compileFeatures(FEATURES, { windows, horizons: HORIZONS }, problems)
  const usual = compileUsual(FEATURES, { windows, horizons: HORIZONS }, problems)
  expect(problems).toEqual([])
  const stage = createVelocityStage({
    store: createMemoryStore({ retentionMs: HORIZONS.retentionMs, now: () => 0 }),
    windows,
    pseudonymiser,
    horizons: HORIZONS,
    cacheBytes: 1_000_000,
    minorPerMajor: 100,
  })
  const { events } = await stage(batchFrom(facts, windows))
  const last = events.at(-1)!
  return Object.fromEntries(FEATURES.map(({ id }, i) => [id, usual(last, i)]))
}

const daily: Fact[] = Array.from({ length: 20 }, (_, day) => ({
  id: `day-${day}`,
  entities: ['card:old', 'account:old', 'merchant:shop'],
  atMs: day * DAY_MS,
  amount: day % 2 === 0 ? 1_000 : 3_000,
}))

/** Of the last seven: a window of 7 days begins on a grid line, just before the first of them. */
const WEEK_MEAN = (4 * 30 + 3 * 10) / 7

describe('what is usual for an entity', () => {
  it('is its own past, with the last day left out, whatever came in it', async () => {
    const entities = ['card:old', 'account:old'] as const
    const atMs = 20 * DAY_MS
    const burst = Array.from({ length: 30 }, (_, i) => ({
      id: `burst-${i}`,
      entities,
      atMs: atMs - 1_000 * i,
      amount: 100,
    }))
    const large: Fact = { id: 'large', entities, atMs, amount: 90_000 }
    const declined: Fact = { ...large, outcome: 'declined' }
    for (const last of [[large], [declined], [...burst, large], [...burst, declined]]) {
      const usual = await usualAfter([...daily, ...last])
      // 20 payments of 20.00 on average, in the 19 days before the last one.
      expect(usual['amount']).toBeCloseTo(20, 9)
      expect(usual['card_count_1d']).toBeCloseTo(20 / 19, 9)
      expect(usual['card_count_10m']).toBeCloseTo(20 / 19 / 144, 9)
      expect(usual['card_sum_1d']).toBeCloseTo((20 * 20) / 19, 9)
      expect(usual['card_sum_7d']).toBeCloseTo((7 * 20 * 20) / 19, 9)
      expect(usual['card_idle']).toBeCloseTo((86_400 * 19) / 20, 6)
      expect(usual['amount_to_card_mean_30d']).toBe(1)
      expect(usual['amount_z_card_30d']).toBe(0)
      // It is the largest itself, and how large the largest before was is not known.
      expect(usual['amount_to_card_max_30d']).toBeNaN()
    }
  })

  it('is unknown for a card that began to pay within a day', async () => {
    const burst = Array.from(
      { length: 20 },
      (_, i): Fact => ({ id: `b-${i}`, entities: ['card:young'], atMs: i * 1_000 }),
    )
    const usual = await usualAfter(burst)
    expect(Object.entries(usual).filter(([, value]) => Number.isFinite(value))).toEqual([])
  })

  it('is of the account where the card is new', async () => {
    const entities = ['card:new', 'account:old'] as const
    const usual = await usualAfter([...daily, { id: 'new', entities, atMs: 20 * DAY_MS, amount: 90_000 }])
    expect(usual['amount']).toBeCloseTo(WEEK_MEAN, 9)
    expect(usual['card_count_1d']).toBeNaN()
  })

  it('is unknown for one without a past, and where nothing can be said', async () => {
    const usual = await usualAfter([...daily, { id: 'new', entities: ['card:new'], atMs: 20 * DAY_MS }])
    const known = Object.entries(usual).filter(([, value]) => Number.isFinite(value))
    expect(known).toEqual([])
  })

  it('changes from one entity to another', async () => {
    const other = daily.map((fact) => ({
      ...fact,
      id: `x-${fact.id}`,
      entities: ['card:x' as const],
      amount: 500,
    }))
    const usual = await usualAfter([...daily, ...other])
    expect(usual['amount']).toBeCloseTo(5, 9)
  })

  it('may not ask for a window that no feature has', () => {
    const options = { windows: createWindowSet(), horizons: HORIZONS }
    const problems: string[] = []
    const features = [
      { id: 'a', cel: "count(card, '1h')", usual: "count(card, '2h')" },
      { id: 'b', cel: "count(card, '2d')", usual: "count(card, '1h') / 2" },
      { id: 'c', cel: 'amount', usual: 'amout' },
      { id: 'd', cel: 'amount', usual: "double(count(card, '2h') + count(card, '1h', declined))" },
    ]
    compileFeatures(features, options, problems)
    compileUsual(features, options, problems)
    expect(problems).toEqual([
      "feature a, usual: asks for the window count(card, '2h'), which no feature has; use those of the features",
      expect.stringMatching(/^feature c, usual, column 1: .*amount/),
      "feature d, usual: asks for the window count(card, '2h'), which no feature has; use those of the features",
      "feature d, usual: asks for the window count(card, '1h', declined), which no feature has; use those of the features",
    ])
    expect(options.windows.specs).toHaveLength(2)
  })
})
