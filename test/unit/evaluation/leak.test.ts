// The supervised head gains by labels that were known in time, and by nothing else.
import { beforeAll, describe, expect, it } from 'vitest'
import { createHeadJudge } from '../../../src/evaluation/head-judges.ts'
import type { Judge } from '../../../src/evaluation/judge.ts'
import { judgeDays } from '../../../src/evaluation/prequential.ts'
import { readyBackend } from '../../../src/model/backend.ts'
import { ranking } from '../../../src/model/ranking.ts'
import { knownSet, type TrainingSet } from '../../../src/model/training-rows.ts'
import { trainModel } from '../../../src/model/train.ts'
import {
  DAY_MS,
  FRAUD_SHARE,
  PATTERN_FEATURES,
  patternedSet,
  START_MS,
  withShuffledLabels,
} from './patterned-set.ts'

/** Average precision that labels make possible here, and what chance gives, with room for luck. */
const GAIN = 0.4
const CHANCE = 2.5 * FRAUD_SHARE

beforeAll(() => readyBackend())

const heads = (): Judge => createHeadJudge({ features: PATTERN_FEATURES, seed: 3, epochs: 6 })
const judge = (set: TrainingSet, by = heads()) =>
  judgeDays({
    set,
    judges: [by],
    sinceMs: START_MS + 14 * DAY_MS,
    untilMs: Number.POSITIVE_INFINITY,
    everyDays: 3,
    isOver: () => false,
    onProgress: () => undefined,
  })

/** Average precision by the truth, which no judge has. */
async function precisionOf(set: TrainingSet, by?: Judge): Promise<number | null> {
  const { days, scores } = await judge(set, by)
  const values = scores.get('supervised')
  if (values === null || values === undefined) return null
  return ranking(values, patternedSet().isFraud.slice(days[0]?.from)).average_precision
}

describe('prequential evaluation', () => {
  it('finds what labels taught in time, and ranks by chance when labels are shuffled', async () => {
    expect(await precisionOf(patternedSet())).toBeGreaterThan(GAIN)
    expect(await precisionOf(withShuffledLabels(patternedSet()))).toBeLessThan(CHANCE)
  })

  it('has no supervised head when every label comes after the day that is judged', async () => {
    expect(await precisionOf(patternedSet({ delayMs: 30 * DAY_MS }))).toBeNull()
  })

  it('would be caught if a judge saw the truth: labels that come too late and are used all the same bring the gain back', async () => {
    const late = patternedSet({ delayMs: 30 * DAY_MS })
    const peeking: Judge = {
      fit: (known) => heads().fit({ ...known, labelledMs: late.labelledMs.slice(0, known.rows) }),
    }
    expect(await precisionOf(late, peeking)).toBeGreaterThan(GAIN)
  })

  it('lets no fit see a row that had not arrived, a label that was not known, or a truth that no label told', async () => {
    const set = patternedSet({ delayMs: 2.5 * DAY_MS })
    const seen: TrainingSet[] = []
    const spy: Judge = {
      async fit(known) {
        seen.push(known)
        return { score: () => new Map(), close: () => undefined }
      },
    }
    const { fits, days } = await judge(set, spy)
    expect(fits.map(({ day }) => day)).toEqual(['2026-01-15', '2026-01-18'])
    expect(days.map(({ day }) => day)).toEqual(
      ['15', '16', '17', '18', '19', '20'].map((d) => `2026-01-${d}`),
    )
    for (const [i, known] of seen.entries()) {
      const dayMs = Date.parse(fits[i]!.day)
      expect(known.timesMs).toHaveLength(known.rows)
      expect(known.matrix).toHaveLength(known.rows * PATTERN_FEATURES.length)
      expect(Math.max(...known.timesMs)).toBeLessThan(dayMs)
      const labels = known.labelledMs.filter((ms) => Number.isFinite(ms))
      expect(labels.length).toBeGreaterThan(100)
      expect(Math.max(...labels)).toBeLessThan(dayMs)
      expect(known.isFraud.filter(Boolean)).toHaveLength(labels.length)
      expect(known.campaigns).toEqual([])
    }
  })
})

describe('what is known at a time', () => {
  it('does not change when everything later does', () => {
    const set = patternedSet()
    const byMs = START_MS + 10 * DAY_MS
    const rows = set.timesMs.findIndex((ms) => ms >= byMs)
    const other: TrainingSet = {
      ...set,
      matrix: set.matrix.map((value, i) => (i >= rows * 2 ? -value : value)),
      labelledMs: set.labelledMs.map((ms) => (ms >= byMs ? ms + DAY_MS : ms)),
      isFraud: set.isFraud.map((fraud) => !fraud),
      toMs: 0,
    }
    expect(knownSet(other, rows, byMs)).toEqual(knownSet(set, rows, byMs))
  })
})

describe('training', () => {
  const trained = (set: TrainingSet) =>
    trainModel({
      set,
      features: PATTERN_FEATURES,
      version: 'leak',
      seed: 3,
      epochs: 6,
      source: 'a test',
      command: 'none',
      events: set.rows,
      paysentry: '0.0.0',
      isOver: () => false,
      onEpoch: () => undefined,
    })

  it('gains by labels, and loses the gain when they are shuffled or all come too late', async () => {
    const set = patternedSet()
    const [good, shuffled, late] = [
      await trained(set),
      await trained(withShuffledLabels(set)),
      await trained(patternedSet({ delayMs: 30 * DAY_MS })),
    ]
    expect(good.manifest.metrics['supervised']?.['average_precision']).toBeGreaterThan(GAIN)
    expect(shuffled.manifest.metrics['supervised']?.['average_precision']).toBeLessThan(CHANCE)
    expect(late.manifest.supervised).toBeNull()
  })
})
