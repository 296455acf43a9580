// What a person sees of a journal is what an event would have got, and 80 columns wide.
import { beforeAll, describe, expect, it } from 'vitest'
import { inspectText } from '../../../src/cli/inspect-text.ts'
import { journalKey } from '../../../src/velocity/journal-key.ts'
import { readJournal } from '../../../src/velocity/journal-reader.ts'
import { type JournalReport, reportJournal, windowsAsOf } from '../../../src/velocity/journal-report.ts'
import { createMemoryStore } from '../../../src/velocity/memory-store.ts'
import { createVelocityStage } from '../../../src/velocity/velocity.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { batchFrom, entityNamed, type Fact, pseudonymiser, START_MS, WIDE } from './traffic.ts'

const HOUR_MS = 3_600_000
const facts: readonly Fact[] = [
  { id: 'e1', entities: ['card:1', 'merchant:a'], atMs: 0, amount: 1_250 },
  { id: 'e2', entities: ['card:1', 'merchant:b'], atMs: 2 * HOUR_MS, amount: 5_000 },
  { id: 'e3', entities: ['card:1', 'merchant:b'], atMs: HOUR_MS, amount: Number.NaN, outcome: 'declined' },
  { id: 'f1', entities: ['card:1'], atMs: 3 * HOUR_MS, labels: 'e1' },
]
const type = 'card'

describe('a journal for a person', () => {
  let bytes: Uint8Array
  let report: JournalReport
  beforeAll(async () => {
    const store = createMemoryStore({ retentionMs: HOUR_MS, now: () => 0 })
    const windows = createWindowSet()
    const options = {
      store,
      windows,
      pseudonymiser,
      horizons: WIDE,
      cacheBytes: 1_000_000,
      minorPerMajor: 100,
    }
    // Two processors with a cache of their own: the second one journals e1 again.
    await createVelocityStage(options)(batchFrom(facts.slice(0, 1), windows))
    await createVelocityStage(options)(batchFrom(facts, windows))
    bytes = (await readJournal(store, journalKey(entityNamed('card:1')))) ?? new Uint8Array(0)
    report = reportJournal(bytes, type, 100)
  })

  it('lists every record in journal order and says which one is ignored, and for which', () => {
    expect(report.records.map(({ kind, amount, repeats }) => [kind, amount, repeats])).toEqual([
      ['payment', 12.5, null],
      ['payment', 12.5, 1],
      ['payment', 50, null],
      ['declined', null, null],
      ['fraud', null, null],
    ])
    expect(report.records[4]?.labelled).toBe(report.records[0]?.id)
    expect(report.newestMs).toBe(START_MS + 3 * HOUR_MS)
    const merchant = entityNamed('merchant:b').hash48.toString(16).padStart(12, '0')
    expect(report.records[2]?.counterparts).toEqual({ merchant })
  })

  it('counts in its windows what lies up to the time, and no repeated record', () => {
    const at = (atMs: number) =>
      windowsAsOf(bytes, {
        type,
        atMs: START_MS + atMs,
        lengthsMs: [HOUR_MS, 3 * HOUR_MS],
        minorPerMajor: 100,
        horizons: WIDE,
      })
    const payments = (atMs: number) =>
      at(atMs)
        .filter(({ kind }) => kind === 'payment')
        .map(({ count, sum, mean, max, distinct }) => [count, sum, mean, max, distinct.merchant])
    expect(payments(2 * HOUR_MS)).toEqual([
      [1, 50, 50, 50, 1],
      [2, 62.5, 31.25, 50, 2],
    ])
    // The lower edge is outside.
    expect(payments(HOUR_MS)).toEqual([
      [0, 0, null, null, 0],
      [1, 12.5, 12.5, 12.5, 1],
    ])
    expect(at(3 * HOUR_MS).findLast(({ kind }) => kind === 'fraud')).toMatchObject({ count: 1, distinct: {} })
    expect(at(2 * HOUR_MS).filter(({ kind }) => kind === 'declined')).toMatchObject([
      { count: 0 },
      { count: 1, sum: 0, mean: null },
    ])
  })

  it('fits a terminal of 80 columns, and says what it leaves out', () => {
    const atMs = START_MS + 2 * HOUR_MS
    const windows = windowsAsOf(bytes, {
      type,
      atMs,
      lengthsMs: [HOUR_MS],
      minorPerMajor: 100,
      horizons: WIDE,
    })
    const key = `ps:${journalKey(entityNamed('card:1'))}`
    const text = inspectText(
      { ...report, type, key, base: 'EUR', decimals: 2, expiresInMs: 90_061_001, atMs, windows },
      4,
    )
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(text).toContain('4 that count, 1 ignored as repeated')
    expect(text).toContain('in 1d1h without a record')
    expect(text).toContain('1 earlier; --limit 5 shows them all')
    expect(text).toContain('ignored: record 1 has the same id, and the first counts')
    expect(text).toContain('Windows that end at 2026-03-01T14:00:00.000Z')
  })

  it('refuses bytes that are no journal', () => {
    expect(() => reportJournal(new Uint8Array(17), type, 100)).toThrow(
      expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }),
    )
  })
})
