import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createArena } from '../../../src/velocity/arena.ts'
import { RECORD_KINDS } from '../../../src/velocity/entity.ts'
import { foldBytes } from '../../../src/velocity/fold-bytes.ts'
import { createJournal, findOwn, foldRecord, hasId, type Journal } from '../../../src/velocity/journal.ts'
import {
  HEADER_BYTES,
  newHeader,
  RECORD_BYTES,
  viewOf,
  writeCounterpart,
  writeFacts,
  writeLabelled,
} from '../../../src/velocity/journal-codec.ts'
import { eachRow } from '../../../src/velocity/row-range.ts'
import {
  amountAt,
  counterpartAt,
  keyAt,
  keyOf,
  ordinalAt,
  positionAt,
  rowOfId,
} from '../../../src/velocity/rows.ts'

const SLOTS = [0, 2]
const STRIDE = 4 + SLOTS.length
const IDS = 300

interface Fact {
  readonly id: number
  readonly timeMs: number
  readonly kind: number
}

const facts: fc.Arbitrary<Fact[]> = fc.array(
  fc.record({
    id: fc.nat(IDS - 1),
    timeMs: fc.nat(400),
    kind: fc.constantFrom(RECORD_KINDS.payment, RECORD_KINDS.login, RECORD_KINDS.declined),
  }),
  { maxLength: 300, size: 'max' },
)
const label = fc.record({
  id: fc.nat(IDS - 1),
  timeMs: fc.nat(400),
  kind: fc.constantFrom(RECORD_KINDS.fraud, RECORD_KINDS.genuine),
})

/** Ids of which many meet in one place of a small table, and some differ in their upper half alone. */
const idOf = (id: number) => ({ low: (id % 20) * 256 + (id % 7), high: id })

function journalBytes(all: readonly Fact[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + all.length * RECORD_BYTES)
  bytes.set(newHeader(new Uint8Array(8)))
  const view = viewOf(bytes)
  for (const [i, { id, timeMs, kind }] of all.entries()) {
    const at = HEADER_BYTES + i * RECORD_BYTES
    writeFacts(view, at, {
      timeMs,
      kind,
      amountMinor: id % 9 === 0 ? Number.NaN : i,
      id: idOf(id),
      position: i % 3,
    })
    if (kind >= RECORD_KINDS.fraud) writeLabelled(view, at, idOf(id), timeMs)
    else for (let slot = 0; slot < 4; slot++) writeCounterpart(view, at, slot, 1 + ((id * 7 + slot) % 1_000))
  }
  return bytes
}

function empty(bytes: Uint8Array): Journal {
  const options = { key: 'k', generation: 0, allowedLatenessMs: 150, slots: SLOTS, arena: createArena() }
  return createJournal(options, bytes)
}

/** All that windows read of a journal. */
function contentOf(journal: Journal) {
  const rows: unknown[] = []
  const all = { low: keyOf(0, 0) - 1, high: keyOf(32, 0), ordinal: Number.POSITIVE_INFINITY, later: null }
  eachRow(journal, all, (leaf, row) => {
    rows.push([
      keyAt(leaf, row, STRIDE),
      amountAt(leaf, row, STRIDE),
      ordinalAt(leaf, row, STRIDE),
      positionAt(leaf, row, STRIDE),
      counterpartAt(leaf, row, STRIDE, 0),
      counterpartAt(leaf, row, STRIDE, 1),
    ])
  })
  const { length, records, newest, newestMs, size } = journal
  const own = { ordinal: 0, timeMs: 0, position: 0 }
  const ids = Array.from({ length: IDS }, (_, id) => {
    const { low, high } = idOf(id)
    return hasId(journal, low, high) && findOwn(journal, low, high, own) ? { ...own } : null
  })
  return { rows, length, records, newest, newestMs, size, ids }
}

it('folds a stretch as if each of its records had come alone, wherever it is cut', () => {
  fc.assert(
    fc.property(facts, fc.option(label), fc.nat(299), fc.nat(300), (events, labelled, labelAt, cut) => {
      const all = labelled === null ? events : events.toSpliced(labelAt, 0, labelled)
      const bytes = journalBytes(all)
      const alone = empty(bytes)
      const view = viewOf(bytes)
      for (let at = HEADER_BYTES; at < bytes.length; at += RECORD_BYTES) foldRecord(alone, view, at)
      const together = empty(bytes)
      const cutAt = HEADER_BYTES + Math.min(cut, all.length) * RECORD_BYTES
      foldBytes(together, 0, bytes.subarray(0, cutAt))
      foldBytes(together, cutAt, bytes.subarray(cutAt))
      expect(contentOf(together)).toEqual(contentOf(alone))
    }),
    { numRuns: 300 },
  )
})

it('does not fold what is folded already', () => {
  const bytes = journalBytes(Array.from({ length: 10 }, (_, id) => ({ id, timeMs: id, kind: 1 })))
  const journal = empty(bytes)
  foldBytes(journal, 0, bytes)
  const before = contentOf(journal)
  foldBytes(journal, 0, bytes)
  foldBytes(journal, HEADER_BYTES, bytes.subarray(HEADER_BYTES, HEADER_BYTES + 3 * RECORD_BYTES))
  expect(contentOf(journal)).toEqual(before)
})

it('finds no row of an id that differs from a known one in one half', () => {
  const bytes = journalBytes([{ id: 3, timeMs: 5, kind: 1 }])
  const journal = empty(bytes)
  foldBytes(journal, 0, bytes)
  const { low, high } = idOf(3)
  expect(hasId(journal, low, high)).toBe(true)
  expect([hasId(journal, low, high + 1), hasId(journal, low + 1, high)]).toEqual([false, false])
  expect('block' in journal.root && rowOfId(journal.root, STRIDE, low, high)).toBe(0)
})
