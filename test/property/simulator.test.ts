import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { CAMPAIGN_NAMES, createSimulator, type SimulatedRecord } from '../../src/simulator/simulator.ts'

const options = fc.record({
  seed: fc.maxSafeNat(),
  startMs: fc.integer({ min: Date.UTC(2000, 0, 2), max: Date.UTC(2060, 0, 1) }),
  customers: fc.integer({ min: 10, max: 400 }),
  merchants: fc.integer({ min: 19, max: 300 }),
  fraudShare: fc.double({ min: 0, max: 0.5, noNaN: true }),
  campaigns: fc.subarray([...CAMPAIGN_NAMES], { minLength: 1 }),
})

it('Whatever the options, records come in order of arrival, no event before its time, and no label before its event', () => {
  fc.assert(
    fc.property(options, (chosen) => {
      const simulator = createSimulator(chosen)
      const arrived = new Map<string, number>()
      let lastMs = chosen.startMs
      for (let i = 0; i < 1_500; i++) {
        const record = simulator.next()
        expect(record.arrivesAtMs).toBeGreaterThanOrEqual(lastMs)
        lastMs = record.arrivesAtMs
        if (record.kind === 'event') {
          expect(Date.parse(record.event.time)).toBeLessThanOrEqual(record.arrivesAtMs)
          expect(arrived.has(record.event.id)).toBe(false)
          arrived.set(record.event.id, record.arrivesAtMs)
        } else {
          expect(arrived.get(record.label.event)).toBeLessThan(Date.parse(record.label.time))
          expect(Date.parse(record.label.time)).toBeLessThanOrEqual(record.arrivesAtMs)
        }
      }
    }),
    { seed: 1, numRuns: 60 },
  )
})

it('The same options give the same records, however the two streams take turns', () => {
  fc.assert(
    fc.property(options, fc.array(fc.boolean(), { minLength: 800, maxLength: 800 }), (chosen, turns) => {
      const streams = [createSimulator(chosen), createSimulator(chosen)] as const
      const records: [SimulatedRecord[], SimulatedRecord[]] = [[], []]
      for (const first of turns) records[first ? 0 : 1].push(streams[first ? 0 : 1].next())
      const both = Math.min(records[0].length, records[1].length)
      expect(JSON.stringify(records[0].slice(0, both))).toBe(JSON.stringify(records[1].slice(0, both)))
    }),
    { seed: 2, numRuns: 25 },
  )
})
