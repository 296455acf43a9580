// Bounds without approximation: every window is the same to the bit, whatever was coalesced when, and however large a journal is.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BatchEvent } from '../../src/batch.ts'
import { coalesce } from '../../src/velocity/coalesce.ts'
import type { Horizons } from '../../src/velocity/grid.ts'
import { HEADER_BYTES } from '../../src/velocity/journal-codec.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createMemoryStore } from '../../src/velocity/memory-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { countedRecords, type RawRecord } from '../unit/velocity/oracle.ts'
import { remembering } from '../unit/velocity/remembering.ts'
import {
  allWindows,
  batchFrom,
  type EntityName,
  type Fact,
  keysOf,
  pseudonymiser,
  wrongWindow,
} from '../unit/velocity/traffic.ts'

const SEED = { seed: Number(process.env['PAYSENTRY_TEST_SEED'] ?? Date.now() % 0x7fffffff) }
console.log(`velocity coalescing: seed ${SEED.seed}`)

const horizons: Horizons = { exactHorizonMs: 1_000, allowedLatenessMs: 700, retentionMs: 60_000 }
const windows = allWindows(
  ['card', 'merchant'],
  [400, 1_000, 2_500, 9_000, 40_000],
  ['payment', 'declined', 'fraud', 'genuine'],
  { delaysMs: [0, 300, 7_000], horizons },
)

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('event' as const),
      /** Time goes on by this much, and the event is by so much older. */
      laterMs: fc.oneof(fc.nat(300), fc.nat(4_000)),
      behindMs: fc.oneof(fc.constant(0), fc.nat(900)),
      card: fc.nat(1),
      merchant: fc.nat(1),
      amount: fc.oneof(
        fc.nat(90_000),
        fc.constant(Number.NaN),
        fc.integer({ min: 2 ** 50, max: 2 ** 53 - 1 }),
      ),
      outcome: fc.constantFrom('pending' as const, 'declined' as const),
      writer: fc.nat(1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('again' as const), back: fc.nat(12), writer: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('label' as const),
      back: fc.nat(20),
      verdict: fc.constantFrom('fraud' as const, 'genuine' as const),
      laterMs: fc.nat(2_000),
      writer: fc.nat(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('coalesce' as const),
      /** Somebody appends between the read and the compare-and-set, or coalesces first. */
      meanwhile: fc.constantFrom('nothing', 'append', 'coalesce'),
      journal: fc.nat(3),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays the steps and returns the first window that is wrong. */
async function play(steps: readonly Step[]): Promise<string | null> {
  const shadow = new Map<string, RawRecord[]>()
  const memory = createMemoryStore({ retentionMs: 1_000, now: () => 0 })
  const store = remembering(memory, shadow)
  const stages = [1_000, 1_000_000].map((cacheBytes) =>
    createVelocityStage({ store, windows, pseudonymiser, horizons, cacheBytes, minorPerMajor: 100 }),
  )
  const facts: Fact[] = []
  let nowMs = 0
  const send = async (fact: Fact, writer: number): Promise<string | null> => {
    const batch = batchFrom([fact], windows)
    await stages[writer]!(batch)
    return check(batch.events, shadow)
  }
  for (const made of steps) {
    let wrong: string | null = null
    if (made.do === 'event') {
      nowMs += made.laterMs
      const { card, merchant, amount, outcome } = made
      const entities: EntityName[] = [`card:${card}`, `merchant:${merchant}`]
      const fact = {
        id: `e${facts.length}`,
        entities,
        atMs: Math.max(0, nowMs - made.behindMs),
        amount,
        outcome,
      }
      facts.push(fact)
      wrong = await send(fact, made.writer)
    } else if (made.do === 'coalesce') {
      await coalesceOne(memory, made, [...shadow.keys()], () =>
        send({ ...(facts[0] ?? LONE), id: 'between' }, 0),
      )
    } else {
      const fact = facts.at(-1 - made.back)
      if (fact === undefined) continue
      if (made.do === 'label') {
        nowMs += made.laterMs
        const { id, entities, atMs = 0 } = fact
        const label = {
          id: `l${nowMs}-${made.verdict}`,
          labels: id,
          verdict: made.verdict,
          entities,
          atMs: nowMs,
          eventAtMs: atMs,
        }
        await send(label, made.writer)
        // What is asked for is only seen with the next event.
        wrong = await send({ ...fact, id: `after-${nowMs}`, atMs: nowMs }, made.writer)
      } else if (isRemembered(fact, nowMs)) {
        wrong = await send(fact, made.writer)
      }
    }
    if (wrong !== null) return wrong
  }
  await Promise.all(stages.map((stage) => stage.coalescer.close()))
  return null
}

const LONE: Fact = { id: 'between', entities: ['card:0', 'merchant:0'], atMs: 0 }

/** A repetition is told from a new event as long as the first one is not coalesced: that is, at least for the exact horizon. */
function isRemembered({ atMs = 0 }: Fact, nowMs: number): boolean {
  return nowMs - atMs <= horizons.exactHorizonMs
}

async function coalesceOne(
  store: JournalStore,
  { meanwhile, journal }: { readonly meanwhile: string; readonly journal: number },
  keys: readonly string[],
  append: () => Promise<unknown>,
): Promise<void> {
  const key = keys[journal % Math.max(1, keys.length)]
  const bytes = key === undefined ? null : await readJournal(store, key)
  if (key === undefined || bytes === null) return
  const found = coalesce(bytes, horizons)
  if (found === null) return
  const header = bytes.slice(0, HEADER_BYTES)
  if (meanwhile === 'append') await append()
  if (meanwhile === 'coalesce') {
    expect(await store.coalesce(key, header, found.prefixLength, found.replacement)).toBe(true)
  }
  const done = await store.coalesce(key, header, found.prefixLength, found.replacement)
  expect(done).toBe(meanwhile !== 'coalesce')
}

function check(events: readonly BatchEvent[], shadow: ReadonlyMap<string, RawRecord[]>): string | null {
  const journals = new Map<string, RawRecord[]>()
  for (const key of keysOf(events)) journals.set(key, countedRecords(shadow.get(key) ?? [], horizons))
  for (const event of events) {
    const wrong = wrongWindow(event, windows, journals, horizons)
    if (wrong !== null) return wrong
  }
  return null
}

describe('a journal that is coalesced', () => {
  it('gives the windows that it would have given, at any moment, in any steps, with other writers between', async () => {
    let coalesced = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        coalesced += steps.filter(({ do: what }) => what === 'coalesce').length
        expect(await play(steps)).toBeNull()
      }),
      { numRuns: 1_500, ...SEED },
    )
    expect(coalesced).toBeGreaterThan(1_000)
  })
})

describe('a journal with more rows than a leaf holds', () => {
  it('gives the windows of a recount, also as of records that are no longer the newest', async () => {
    const wide: Horizons = { exactHorizonMs: 20_000, allowedLatenessMs: 60_000, retentionMs: 60_000 }
    const asked = allWindows(['merchant'], [300, 5_000, 20_000, 50_000], ['payment', 'declined', 'fraud'], {
      delaysMs: [0, 1_500],
      horizons: wide,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            atMs: fc.nat(25_000),
            amount: fc.nat(5_000_000),
            declined: fc.boolean(),
            card: fc.nat(40),
          }),
          {
            minLength: 140,
            maxLength: 700,
            size: 'max',
          },
        ),
        fc.boolean(),
        fc.array(fc.nat(699), { minLength: 1, maxLength: 12 }),
        async (made, inOrder, repeated) => {
          const shadow = new Map<string, RawRecord[]>()
          const store = remembering(createMemoryStore({ retentionMs: 1_000, now: () => 0 }), shadow)
          const stage = createVelocityStage({
            store,
            windows: asked,
            pseudonymiser,
            horizons: wide,
            cacheBytes: 4_000_000,
            minorPerMajor: 100,
          })
          if (inOrder) made.sort((a, b) => a.atMs - b.atMs)
          const facts = made.map(
            ({ atMs, amount, declined, card }, i): Fact => ({
              id: `e${i}`,
              entities: ['merchant:1', `card:${card}`],
              atMs,
              amount,
              outcome: declined ? 'declined' : 'pending',
              ...(i % 17 === 3 ? { labels: `e${i - 3}`, eventAtMs: atMs / 2 } : {}),
            }),
          )
          const events: BatchEvent[] = []
          for (let at = 0; at < facts.length; at += 100) {
            const batch = batchFrom(facts.slice(at, at + 100), asked)
            await stage(batch)
            events.push(...batch.events.filter((_, i) => i % 23 === 0))
          }
          const again = batchFrom(
            repeated.flatMap((number) => facts[number] ?? []),
            asked,
          )
          await stage(again)
          const journals = new Map<string, RawRecord[]>()
          for (const [key, records] of shadow) journals.set(key, countedRecords(records, wide))
          for (const event of [...events, ...again.events]) {
            expect(wrongWindow(event, asked, journals, wide)).toBeNull()
          }
        },
      ),
      { numRuns: 60, ...SEED },
    )
  })
})
