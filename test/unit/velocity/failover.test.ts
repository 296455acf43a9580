// What was read before a failover is not joined with what stands there after it, nor written over it.
import { describe, expect, it } from 'vitest'
import { HEADER_BYTES, RECORD_BYTES } from '../../../src/velocity/journal-codec.ts'
import { readJournal } from '../../../src/velocity/journal-reader.ts'
import type { JournalStore } from '../../../src/velocity/journal-store.ts'
import { createMemoryStore } from '../../../src/velocity/memory-store.ts'
import { createVelocityStage } from '../../../src/velocity/velocity.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { appendOf, recordsOf } from './records.ts'
import { batchFrom, type Fact, pseudonymiser } from './traffic.ts'

const HORIZONS = { exactHorizonMs: 10_000, allowedLatenessMs: 10_000, retentionMs: 10_000_000 }
const KEY = '{1}:card:x'

/** A store whose generation the test moves, and which tells of every part that it is asked for. */
function failingOver(onPart: (from: number) => void) {
  const store = createMemoryStore({ retentionMs: HORIZONS.retentionMs, now: () => 0 })
  const state = { generation: 0, coalesced: 0, parts: 0 }
  const wrapped: JournalStore = {
    ...store,
    generation: () => state.generation,
    async readPart(key, from, most) {
      state.parts++
      const part = await store.readPart(key, from, most)
      onPart(from)
      return part
    },
    async coalesce(...args) {
      state.coalesced++
      return await store.coalesce(...args)
    },
  }
  return { store: wrapped, state }
}

describe('a journal that is read in parts', () => {
  it('is read from its beginning when there was a failover between two parts', async () => {
    const { store, state } = failingOver((from) => {
      if (from > 0 && state.generation === 0) state.generation++
    })
    const records = recordsOf(...Array.from({ length: 25_000 }, (_, i) => i))
    await store.append([appendOf(KEY, records)], () => undefined)
    const bytes = await readJournal(store, KEY)
    expect(bytes).toHaveLength(HEADER_BYTES + 25_000 * RECORD_BYTES)
    // Twice the first part and the second.
    expect(state.parts).toBe(4)
  })
})

describe('a coalescer', () => {
  const facts: Fact[] = Array.from({ length: 12_000 }, (_, i) => ({
    id: `e${i}`,
    entities: ['card:1'],
    atMs: i * 10,
  }))

  /** How many journals it rewrote, with a failover while it read or without one. */
  async function rewritten(failsOver: boolean): Promise<number> {
    const { store, state } = failingOver(() => {
      if (failsOver) state.generation++
    })
    const windows = createWindowSet()
    const stage = createVelocityStage({
      store,
      windows,
      pseudonymiser,
      horizons: HORIZONS,
      cacheBytes: 1_000_000,
      minorPerMajor: 100,
    })
    for (let at = 0; at < facts.length; at += 500) await stage(batchFrom(facts.slice(at, at + 500), windows))
    await stage.coalescer.idle()
    return state.coalesced
  }

  it('gives a journal up when there was a failover since it was read', async () => {
    expect(await rewritten(false)).toBeGreaterThan(0)
    expect(await rewritten(true)).toBe(0)
  })
})
