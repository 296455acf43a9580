import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createQueue } from '../../src/simulator/queue.ts'

/** Numbers are added with a time; `null` takes one out. */
const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(null)), { maxLength: 200 })

it('A queue gives out the earliest, and of equal times the one that came first, as a sorted list does', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const queue = createQueue<number>()
      const list: { atMs: number; item: number }[] = []
      for (const [item, atMs] of script.entries()) {
        if (atMs === null) {
          expect(queue.take()).toBe(list.shift()?.item ?? null)
        } else {
          queue.add(atMs, item)
          list.push({ atMs, item })
          list.sort((a, b) => a.atMs - b.atMs || a.item - b.item)
        }
        expect(queue.size()).toBe(list.length)
        expect(queue.nextMs()).toBe(list[0]?.atMs ?? Number.POSITIVE_INFINITY)
      }
    }),
    { seed: 1, numRuns: 500 },
  )
})
