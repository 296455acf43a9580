// Journals packed in memory: what comes out is, byte for byte, what went in.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { RECORD_BYTES, viewOf } from '../../../src/velocity/journal-codec.ts'
import {
  createPackedJournals,
  lengthOf,
  type PackedJournal,
  type PackedJournals,
} from '../../../src/velocity/packed-journals.ts'

const HEAD = new Uint8Array(32)

/** Few values a field, so that records share facts, counterparts or only an id. */
const record = fc
  .record({
    id: fc.nat({ max: 5 }),
    kind: fc.constantFrom(1, 2, 16),
    counterparts: fc.array(fc.nat({ max: 9 }), { minLength: 24, maxLength: 24 }),
    sparse: fc.boolean(),
    position: fc.constantFrom(0, 7),
  })
  .map(({ id, kind, counterparts, sparse, position }) => {
    const bytes = new Uint8Array(RECORD_BYTES)
    const view = viewOf(bytes)
    view.setUint32(0, 1_000 + id, true)
    view.setUint8(6, kind)
    view.setFloat64(8, -0.5 * id, true)
    view.setUint32(16, id, true)
    for (const [i, byte] of counterparts.entries()) bytes[24 + i] = sparse && i % 6 > 0 ? 0 : byte
    view.setUint32(48, position, true)
    return bytes
  })
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ step: fc.constant('append' as const), journal: fc.nat({ max: 4 }), record }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('drop' as const), journal: fc.nat({ max: 4 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.constant('cut' as const),
        journal: fc.nat({ max: 4 }),
        first: fc.nat({ max: 30 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('compact' as const) }) },
  ),
  { maxLength: 200 },
)

interface Pair {
  packed: PackedJournal
  plain: Uint8Array[]
}

it('gives back the bytes of every journal, whatever is appended, cut off, dropped and compacted', () => {
  fc.assert(
    fc.property(steps, (played) => {
      const journals = createPackedJournals()
      const pairs: Pair[] = Array.from({ length: 5 }, () => ({ packed: journals.create(HEAD), plain: [] }))
      for (const step of played) {
        if (step.step === 'compact') journals.compact(pairs.map(({ packed }) => packed))
        else play(journals, pairs[step.journal]!, step)
      }
      for (const { packed, plain } of pairs) {
        for (const first of new Set([0, 1, 10, plain.length])) {
          if (first > plain.length) continue
          const bytes = new Uint8Array((plain.length - first) * RECORD_BYTES)
          journals.unpack(packed, first, viewOf(bytes), 0)
          expect(Buffer.from(bytes)).toEqual(Buffer.concat(plain.slice(first)))
        }
        expect(lengthOf(packed)).toBe(HEAD.length + plain.length * RECORD_BYTES)
      }
    }),
    { numRuns: 300 },
  )
})

function play(
  journals: PackedJournals,
  pair: Pair,
  step: { step: 'append'; record: Uint8Array } | { step: 'drop' } | { step: 'cut'; first: number },
): void {
  if (step.step === 'append') {
    journals.append(pair.packed, viewOf(step.record), 0, step.record.length)
    pair.plain.push(step.record)
    return
  }
  const first = step.step === 'cut' ? Math.min(step.first, pair.plain.length) : pair.plain.length
  const rest = journals.create(HEAD)
  journals.appendFrom(rest, pair.packed, first)
  journals.drop(pair.packed)
  pair.packed = rest
  pair.plain = pair.plain.slice(first)
}

it('is sparse once most events have lost all their records but a few, and not when it has been compacted', () => {
  const journals = createPackedJournals()
  const rows = 20_000
  const kept = Array.from({ length: rows }, (_, id) => {
    const bytes = new Uint8Array(RECORD_BYTES)
    const view = viewOf(bytes)
    view.setUint8(6, 1)
    view.setUint32(16, id, true)
    const journal = journals.create(HEAD)
    journals.append(journal, viewOf(bytes), 0, bytes.length)
    return journal
  })
  expect(journals.isSparse()).toBe(false)
  const rest = kept.filter((journal, id) => {
    if (id % 100 > 0) journals.drop(journal)
    return id % 100 === 0
  })
  expect(journals.isSparse()).toBe(true)
  journals.compact(rest)
  expect(journals.isSparse()).toBe(false)
})
