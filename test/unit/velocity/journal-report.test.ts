// What a person sees of a journal is what an event would have got, and 80 columns wide.
import { beforeAll, describe, expect, it } from 'vitest'
import { inspectText } from '../../../src/cli/inspect-text.ts'
import { coalesce } from '../../../src/velocity/coalesce.ts'
import type { Horizons } from '../../../src/velocity/grid.ts'
import { journalKey } from '../../../src/velocity/journal-key.ts'
import { readJournal } from '../../../src/velocity/journal-reader.ts'
import { type JournalReport, reportJournal } from '../../../src/velocity/journal-report.ts'
import { type WindowsAsOf, windowsAsOf } from '../../../src/velocity/journal-windows.ts'
import { createMemoryStore } from '../../../src/velocity/memory-store.ts'
import { createVelocityStage } from '../../../src/velocity/velocity.ts'
import { createWindowSet, type WindowSet } from '../../../src/velocity/window.ts'
import { batchFrom, entityNamed, type Fact, pseudonymiser, START_MS, WIDE } from './traffic.ts'

const HOUR_MS = 3_600_000
const type = 'card'
const KEY = journalKey(entityNamed('card:1'))

/** The card's journal after each of the batches came to a processor of its own. */
async function journalAfter(
  batches: readonly (readonly Fact[])[],
  { horizons = WIDE, windows = createWindowSet() }: { horizons?: Horizons; windows?: WindowSet } = {},
) {
  const store = createMemoryStore({ retentionMs: HOUR_MS, now: () => 0 })
  const events = []
  for (const facts of batches) {
    const options = { store, windows, pseudonymiser, horizons, cacheBytes: 1_000_000, minorPerMajor: 100 }
    const stage = createVelocityStage(options)
    // Nothing is joined behind the test's back.
    await stage.coalescer.close()
    const batch = await stage(batchFrom(facts, windows))
    events.push(...batch.events)
  }
  return { bytes: (await readJournal(store, KEY)) ?? new Uint8Array(0), events }
}

const asked = { type, minorPerMajor: 100, horizons: WIDE } as const
const of = ({ windows }: WindowsAsOf, name: string) => windows.filter(({ kind }) => kind === name)

describe('a journal for a person', () => {
  const facts: readonly Fact[] = [
    { id: 'e1', entities: ['card:1', 'merchant:a'], atMs: 0, amount: 1_250 },
    { id: 'e2', entities: ['card:1', 'merchant:b'], atMs: 2 * HOUR_MS, amount: 5_000 },
    { id: 'e3', entities: ['card:1', 'merchant:b'], atMs: HOUR_MS, amount: Number.NaN, outcome: 'declined' },
    { id: 'f1', entities: ['card:1'], atMs: 3 * HOUR_MS, labels: 'e1', eventAtMs: 0 },
  ]
  let bytes: Uint8Array
  let report: JournalReport
  beforeAll(async () => {
    bytes = (await journalAfter([facts.slice(0, 1), facts])).bytes
    report = reportJournal(bytes, asked)
  })

  it('lists every record in journal order and says which one is ignored, and for which', () => {
    expect(report.records.map(({ kind, amount, ignored }) => [kind, amount, ignored])).toEqual([
      ['payment', 12.5, null],
      ['payment', 12.5, { why: 'repeated', first: 1 }],
      ['payment', 50, null],
      ['declined', null, null],
      ['fraud', null, null],
    ])
    expect(report.records[4]?.labelled).toEqual({ id: report.records[0]?.id, timeMs: START_MS })
    expect(report.newestMs).toBe(START_MS + 3 * HOUR_MS)
    const merchant = entityNamed('merchant:b').hash48.toString(16).padStart(12, '0')
    expect(report.records[2]?.counterparts).toEqual({ merchant })
  })

  it('counts in its windows what lies up to the time, and no repeated record', () => {
    const at = (atMs: number) =>
      windowsAsOf(bytes, { ...asked, atMs: START_MS + atMs, lengthsMs: [HOUR_MS, 3 * HOUR_MS] })
    const payments = (atMs: number) =>
      of(at(atMs), 'payment').map(({ count, sum, mean, max, distinct }) => [
        count,
        sum,
        mean,
        max,
        distinct.merchant,
      ])
    expect(payments(2 * HOUR_MS)).toEqual([
      [1, 50, 50, 50, 1],
      [2, 62.5, 31.25, 50, 2],
    ])
    // The lower edge is outside.
    expect(payments(HOUR_MS)).toEqual([
      [0, 0, null, null, 0],
      [1, 12.5, 12.5, 12.5, 1],
    ])
    expect(of(at(2 * HOUR_MS), 'declined')).toMatchObject([{ count: 0 }, { count: 1, sum: 0, mean: null }])
    expect(at(2 * HOUR_MS).seen).toMatchObject([
      { kind: 'payment', firstSeconds: 7_200, lastSeconds: 0 },
      { kind: 'declined', firstSeconds: 3_600, lastSeconds: 3_600 },
      { kind: 'fraud', firstSeconds: null, lastSeconds: null },
    ])
  })

  it('counts labels when they became known, and their share among the payments of the window', () => {
    const asOf = windowsAsOf(bytes, { ...asked, atMs: START_MS + 3 * HOUR_MS, lengthsMs: [4 * HOUR_MS] })
    expect(of(asOf, 'fraud')).toMatchObject([{ count: 1, sum: null, rate: 0.5, distinct: {} }])
  })

  it('counts nothing different where the window is longer than that', () => {
    const horizons = { ...WIDE, exactHorizonMs: HOUR_MS }
    const question = { ...asked, horizons, atMs: START_MS + 2 * HOUR_MS, lengthsMs: [HOUR_MS, 2 * HOUR_MS] }
    const [short, long] = of(windowsAsOf(bytes, question), 'payment')
    expect(short?.distinct.merchant).toBe(1)
    expect(long?.distinct.merchant).toBeNull()
  })

  it('fits a terminal of 80 columns, and says what it leaves out', () => {
    const atMs = START_MS + 2 * HOUR_MS
    const asOf = windowsAsOf(bytes, { ...asked, atMs, lengthsMs: [HOUR_MS] })
    const head = { type, key: `ps:${KEY}`, base: 'EUR', decimals: 2, expiresInMs: 90_061_001, atMs } as const
    const text = inspectText({ ...head, ...report, ...asOf }, 4)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(text).toContain('4 that count, 1 repeated')
    expect(text).toContain('in 1d1h without a record')
    expect(text).toContain('1 before; --limit 5 shows them all')
    expect(text).toContain('ignored: it has the same id as record 1')
    expect(text).toContain('Windows that end at 2026-03-01T14:00:00.000Z')
    expect(text).not.toContain('too late for this journal')
  })

  it('refuses bytes that are no journal', () => {
    expect(() => reportJournal(new Uint8Array(17), asked)).toThrow(
      expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }),
    )
  })
})

describe('what does not count in a journal', () => {
  it('came too late: the report says by how much', async () => {
    const horizons = { ...WIDE, allowedLatenessMs: HOUR_MS }
    const entities = ['card:1'] as const
    const { bytes } = await journalAfter(
      [[{ id: 'new', entities, atMs: 5 * HOUR_MS }], [{ id: 'old', entities }]],
      { horizons },
    )
    const { records } = reportJournal(bytes, { ...asked, horizons })
    expect(records.map(({ ignored }) => ignored)).toEqual([null, { why: 'late', behindMs: 5 * HOUR_MS }])
  })

  it('is a label in whose place a later one counts, whichever came first', async () => {
    const label = (id: string, atMs: number, verdict: 'fraud' | 'genuine'): Fact => ({
      id,
      entities: ['card:1'],
      atMs,
      labels: 'e1',
      verdict,
    })
    const [early, latest, between] = [
      label('l1', 1, 'fraud'),
      label('l2', 9, 'genuine'),
      label('l3', 5, 'fraud'),
    ]
    const { bytes } = await journalAfter([[early], [latest], [between], [latest]])
    const { records } = reportJournal(bytes, asked)
    expect(records.map(({ kind, ignored }) => [kind, ignored])).toEqual([
      ['fraud', { why: 'superseded', by: 2 }],
      ['genuine', null],
      ['fraud', { why: 'superseded', by: 2 }],
      ['genuine', { why: 'repeated', first: 2 }],
    ])
  })
})

describe('a journal whose beginning was joined', () => {
  const horizons: Horizons = { exactHorizonMs: 1_000, allowedLatenessMs: 500, retentionMs: 600_000 }
  const LENGTHS = [400, 1_000, 20_000, 400_000]
  const windows = createWindowSet()
  const slots = LENGTHS.map((lengthMs) =>
    (['count', 'sum', 'mean', 'max'] as const).map((fn) =>
      windows.slot({ fn, entity: type, counterpart: null, lengthMs, delayMs: 0, kind: 'payment' }),
    ),
  )
  const facts = Array.from({ length: 600 }, (_, i): Fact => {
    const entities = ['card:1', `merchant:${i % 7}`] as const
    return { id: `e${i}`, entities, atMs: i * 20, amount: 100 + i }
  })
  const lastMs = START_MS + 599 * 20
  const question = { type, minorPerMajor: 100, horizons, atMs: lastMs, lengthsMs: LENGTHS } as const

  async function joined() {
    const { bytes, events } = await journalAfter([facts], { horizons, windows })
    const found = coalesce(bytes, horizons)
    if (found === null) throw new Error('nothing was joined')
    return {
      events,
      before: bytes,
      after: Buffer.concat([found.replacement, bytes.subarray(found.prefixLength)]),
    }
  }

  it('shows buckets with what is left of their records', async () => {
    const { after } = await joined()
    const { buckets, records, epoch } = reportJournal(after, question)
    expect(epoch).toBe(1)
    const total = buckets.reduce((count, bucket) => count + bucket.count, 0)
    expect(buckets.length).toBeGreaterThan(0)
    expect(buckets.length).toBeLessThan(total)
    expect(total + records.length).toBe(600)
    let next = 0
    for (const { kind, fromMs, toMs, count, sum, min, max } of buckets) {
      const own = facts.slice(next, next + count)
      const amounts = own.map(({ amount = 0 }) => amount / 100)
      expect({ kind, fromMs, toMs, min, max }).toEqual({
        kind: 'payment',
        fromMs: START_MS + own[0]!.atMs!,
        toMs: START_MS + own.at(-1)!.atMs!,
        min: amounts[0],
        max: amounts.at(-1),
      })
      expect(sum).toBeCloseTo(
        amounts.reduce((a, b) => a + b, 0),
        6,
      )
      next += count
    }
  })

  it('has the windows that its last event got, to the bit, before and after', async () => {
    const { events, before, after } = await joined()
    for (const bytes of [before, after]) {
      const asOf = windowsAsOf(bytes, question)
      expect(asOf.isExact).toBe(true)
      expect(of(asOf, 'payment').map(({ count, sum, mean, max }) => [count, sum, mean, max])).toEqual(
        slots.map((own) => own.map((slot) => events.at(-1)!.windows[slot])),
      )
    }
  })

  it('says that windows of the past may be off, and fits 80 columns', async () => {
    const { before, after } = await joined()
    const atMs = lastMs - 501
    expect(windowsAsOf(before, { ...question, atMs }).isExact).toBe(true)
    const asOf = windowsAsOf(after, { ...question, atMs })
    expect(asOf.isExact).toBe(false)
    const head = { type, key: `ps:${KEY}`, base: 'EUR', decimals: 2, expiresInMs: 1_000, atMs } as const
    const text = inspectText({ ...head, ...reportJournal(after, question), ...asOf }, 20)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(text).toContain('too late for this journal')
    expect(text).toMatch(/BUCKET +FROM +TO +COUNT/)
    expect(text).toMatch(/sum [\d.]+ {2}min [\d.]+ {2}max [\d.]+/)
    expect(text).toMatch(/DISTINCT +MERCHANT +DEVICE +IP +ACCOUNT/)
  })
})
