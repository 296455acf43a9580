import { array, assert, infiniteStream, integer, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../src/log/event-log.ts'
import { createTimestampMerge } from '../../../src/log/timestamp-merge.ts'
import { recordAt } from '../../support/batches.ts'

const record = (partition: number, offset: number, timestampMs: number): LogRecord => ({
  ...recordAt(offset),
  partition,
  timestampMs,
})

/** Timestamps of the records of each partition, not always rising. */
const partitions = array(array(nat(50), { maxLength: 20 }), { minLength: 1, maxLength: 4 })

describe('the order of several partitions', () => {
  it('is that of their heads, whatever arrives when, and no record is missing or twice', () => {
    assert(
      property(partitions, infiniteStream(nat(1_000)), integer({ min: 1, max: 5 }), (times, draws, most) => {
        const draw = (below: number): number => draws.next().value! % below
        const merge = createTimestampMerge()
        const ends = new Map(times.map((own, p) => [String(p), BigInt(own.length)]))
        const next = new Map(times.map((_, p) => [String(p), 0n]))
        const taken: LogRecord[] = []
        const wanted = times.flat().length
        while (taken.length < wanted) {
          const p = draw(times.length)
          const from = Number(next.get(String(p)))
          const upTo = Math.min(times[p]!.length, from + draw(6))
          merge.push(
            String(p),
            times[p]!.slice(from, upTo).map((ms, i) => record(p, from + i, ms)),
          )
          next.set(String(p), BigInt(upTo))
          taken.push(...merge.take(most, ends, next))
        }
        expect(merge.take(most, ends, next)).toEqual([])
        const heads = times.map(() => 0)
        for (const { partition, offset, timestampMs } of taken) {
          expect(Number(offset)).toBe(heads[partition])
          const open = heads.flatMap((at, p) => (at < times[p]!.length ? [times[p]![at]!] : []))
          expect(timestampMs).toBe(Math.min(...open))
          heads[partition]!++
        }
      }),
    )
  })

  it('leaves what stands behind the ends for a later time', () => {
    const merge = createTimestampMerge()
    merge.push('0', [record(0, 0, 1), record(0, 1, 2)])
    const next = new Map([['0', 2n]])
    expect(merge.take(10, new Map([['0', 1n]]), next).map(({ offset }) => offset)).toEqual(['0'])
    expect(merge.inHand('0')).toBe(1)
    expect(merge.take(10, new Map([['0', 2n]]), next).map(({ offset }) => offset)).toEqual(['1'])
  })
})
