// The breaker against an oracle that keeps everything and adds it up anew each time.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createBreaker } from '../../src/control/breaker.ts'

const LIMITS = { share: 0.1, windowMs: 1_000, leastEvents: 50 }
const counts = fc
  .record({
    events: fc.integer({ min: 1, max: 60 }),
    a: fc.integer({ min: 0, max: 12 }),
    b: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ events, a, b }) => ({ events, acted: { a: Math.min(a, events), b: Math.min(b, events) } }))
const step = fc.record({ counts, pauseMs: fc.integer({ min: 0, max: 700 }) })

it('a rule trips exactly when it acted on more than its share of the events of the window, and those are enough', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(29), (steps, liftedAfter) => {
      const breaker = createBreaker(LIMITS.windowMs)
      const told: { atMs: number; events: number; acted: { a: number; b: number } }[] = []
      let nowMs = 0
      let liftedMs = Number.NEGATIVE_INFINITY
      for (const [index, one] of steps.entries()) {
        nowMs += one.pauseMs
        breaker.add(one.counts, nowMs)
        told.push({ atMs: nowMs, ...one.counts })
        for (const rule of ['a', 'b'] as const) {
          const from = rule === 'a' ? Math.max(liftedMs, nowMs - LIMITS.windowMs) : nowMs - LIMITS.windowMs
          const within = told.filter(({ atMs }) => atMs > from)
          const events = within.reduce((sum, { events: more }) => sum + more, 0)
          const acted = within.reduce((sum, { acted: byRule }) => sum + byRule[rule], 0)
          const trips = events >= LIMITS.leastEvents && acted > LIMITS.share * events
          expect(breaker.tripped(() => LIMITS).get(rule)).toEqual(
            trips ? { events, acted, share: LIMITS.share } : undefined,
          )
        }
        if (index === liftedAfter) {
          breaker.forget('a')
          liftedMs = nowMs
        }
      }
    }),
  )
})

it('a rule that is not to be judged does not trip', () => {
  const breaker = createBreaker(LIMITS.windowMs)
  breaker.add({ events: 100, acted: { a: 50 } }, 0)
  expect([...breaker.tripped(() => LIMITS).keys()]).toEqual(['a'])
  expect(breaker.tripped(() => null).size).toBe(0)
})
