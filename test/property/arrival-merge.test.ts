// Merged partitions against the plainest definition: everything in one list, sorted stably.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Lane, laneOf, mergeArrivals } from '../../src/log/arrival-merge.ts'
import type { LogRecord } from '../../src/log/event-log.ts'

const recordOf = (partition: number, offset: number, timestampMs: number): LogRecord => ({
  topic: 'payments.events',
  partition,
  offset: String(offset),
  timestampMs,
  key: null,
  value: null,
  headers: {},
})

/** Timestamps of a few lanes, with many that are equal. */
const lanesOfTimes = fc.array(fc.array(fc.nat(12), { maxLength: 25 }), { maxLength: 6 })

async function mergedOf(lanes: readonly Lane[]): Promise<LogRecord[]> {
  const merged: LogRecord[] = []
  for await (const records of mergeArrivals(lanes)) merged.push(...records)
  return merged
}

/** The same records in pieces of `size`. */
function inPieces(records: readonly LogRecord[], size: number): Lane {
  let at = 0
  return {
    async more() {
      const piece = records.slice(at, (at += size))
      return piece.length === 0 ? null : piece
    },
  }
}

test('partitions whose timestamps only grow come out as one stable sort, however they are cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(lanesOfTimes, fc.integer({ min: 1, max: 7 }), async (times, size) => {
      const lanes = times.map((list, partition) =>
        list.sort((a, b) => a - b).map((ms, offset) => recordOf(partition, offset, ms)),
      )
      const expected = lanes.flat().sort((a, b) => a.timestampMs - b.timestampMs)
      expect(await mergedOf(lanes.map((records) => inPieces(records, size)))).toEqual(expected)
    }),
  )
})

test('whatever the timestamps, nothing is lost and each partition keeps its order', async () => {
  await fc.assert(
    fc.asyncProperty(lanesOfTimes, async (times) => {
      const lanes = times.map((list, partition) => list.map((ms, offset) => recordOf(partition, offset, ms)))
      const merged = await mergedOf(lanes.map(laneOf))
      for (const [partition, records] of lanes.entries()) {
        expect(merged.filter((record) => record.partition === partition)).toEqual(records)
      }
      expect(merged.length).toBe(lanes.flat().length)
    }),
  )
})
