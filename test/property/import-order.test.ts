import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createArrivalOrder } from '../../src/import/arrival-order.ts'
import type { OutputRecord } from '../../src/log/event-log.ts'

const arrival = fc.record({ atMs: fc.nat({ max: 50 }), kind: fc.constantFrom('event', 'label') })

it('Messages leave once each; in order of time when no event is further out of place than those that wait', () => {
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 80 }), fc.nat({ max: 20 }), (arrivals, maxEvents) => {
      const order = createArrivalOrder(maxEvents)
      const out: OutputRecord[] = []
      let late = 0
      for (const [i, { atMs, kind }] of arrivals.entries()) {
        const message = { topic: kind, key: String(i), value: null, timestampMs: atMs }
        if (!order.add(message, atMs, kind)) late++
        order.take(out, false)
        const waiting = arrivals.slice(0, i + 1).filter((other) => other.kind === 'event').length
        const left = out.filter(({ topic }) => topic === 'event').length
        expect(waiting - left).toBeLessThanOrEqual(maxEvents)
      }
      order.take(out, true)
      expect(out.map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual(arrivals.map((_, i) => i))
      const times = out.map(({ timestampMs }) => timestampMs ?? 0)
      if (late === 0) expect(times).toEqual(times.toSorted((a, b) => a - b))
      else expect(times).not.toEqual(times.toSorted((a, b) => a - b))
    }),
    { seed: 4, numRuns: 500 },
  )
})
