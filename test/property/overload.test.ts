// The control of overload as a pure function, and in a loop with a processor that is as fast as it is.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTurn, type Load, marksFor, MOST, nextLoad, NO_LOAD } from '../../src/overload.ts'

const MARKS = marksFor(250)
const BATCH = 256
const BATCH_COST_MS = 2

interface Loads {
  /** A second. */
  readonly events: number
  readonly labels: number
  /** Records a second that the processor can take, without the cost of a batch. */
  readonly capacity: number
  readonly eventBacklog: number
  readonly labelBacklog: number
}

interface Moment {
  readonly atMs: number
  readonly level: number
  readonly waitMs: number
  /** Labels done until then. */
  readonly labels: number
}

/** A processor that takes one batch after the other. Arrivals are even; what stands in line at the start came at the start. */
function play({ events, labels, capacity, eventBacklog, labelBacklog }: Loads, forMs: number) {
  const moments: Moment[] = []
  const done = { events: 0, labels: 0 }
  const arrived = (perSecond: number, backlog: number, atMs: number) =>
    backlog + Math.floor((atMs * perSecond) / 1_000)
  const arrivedAtMs = (index: number) =>
    index < eventBacklog ? 0 : ((index - eventBacklog + 1) * 1_000) / events
  let load: Load = NO_LOAD
  let turn = { atMs: 0, eventBatches: 0 }
  let nowMs = 0
  let labelsNext = false
  while (nowMs < forMs) {
    const waitingEvents = arrived(events, eventBacklog, nowMs) - done.events
    const waitingLabels = arrived(labels, labelBacklog, nowMs) - done.labels
    const waitMs = waitingEvents > 0 ? nowMs - arrivedAtMs(done.events) : 0
    load = nextLoad(load, { waitMs, labelsWait: waitingLabels > 0, nowMs }, MARKS)
    moments.push({ atMs: nowMs, level: load.level, waitMs, labels: done.labels })
    const mayLabel = load.level === 0 ? labelsNext : isTurn(load, turn.eventBatches, nowMs - turn.atMs)
    if (waitingLabels > 0 && (load.level === 0 ? mayLabel || waitingEvents === 0 : mayLabel)) {
      const size = Math.min(BATCH, waitingLabels)
      done.labels += size
      nowMs += BATCH_COST_MS + (size * 1_000) / capacity
      turn = { atMs: nowMs, eventBatches: 0 }
      labelsNext = false
    } else if (waitingEvents > 0) {
      const size = Math.min(BATCH, waitingEvents)
      done.events += size
      nowMs += BATCH_COST_MS + (size * 1_000) / capacity
      turn = { ...turn, eventBatches: turn.eventBatches + 1 }
      labelsNext = true
    } else nowMs += 5
  }
  return { moments, done }
}

const begins = (moments: readonly Moment[]) =>
  moments.filter(({ level }, i) => level > 0 && (moments[i - 1]?.level ?? 0) === 0).length

const share = fc.double({ min: 0.02, max: 1.5, noNaN: true })
const loads = (condition: (events: number, labels: number) => boolean) =>
  fc
    .record({
      events: share,
      labels: share,
      capacity: fc.integer({ min: 500, max: 20_000 }),
      eventBacklog: fc.integer({ min: 0, max: 20_000 }),
      labelBacklog: fc.integer({ min: 0, max: 20_000 }),
    })
    .filter(({ events, labels }) => condition(events, labels))
    .map((drawn) => ({
      ...drawn,
      events: drawn.events * drawn.capacity,
      labels: drawn.labels * drawn.capacity,
    }))

describe('whatever the readings are', () => {
  const step = fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 400, noNaN: true })),
    labelsWait: fc.boolean(),
    afterMs: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 20_000 })),
  })

  it('between the two marks nothing changes but that calm has to begin anew', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 100 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, at) => {
          let nowMs = 0
          let load: Load = NO_LOAD
          for (const { afterMs, ...reading } of steps) {
            nowMs += afterMs
            load = nextLoad(load, { ...reading, nowMs }, MARKS)
          }
          const waitMs = MARKS.lowWaitMs + at * (MARKS.highWaitMs - MARKS.lowWaitMs) * 0.999
          const after = nextLoad(load, { waitMs, labelsWait: true, nowMs: nowMs + 1_000_000 }, MARKS)
          expect(after).toEqual({ ...load, calmSinceMs: null })
        },
      ),
    )
  })

  it('labels begin to give way once in nine seconds at most, after a few times at the start', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        let nowMs = 0
        let load: Load = NO_LOAD
        let begun = 0
        for (const { afterMs, ...reading } of steps) {
          nowMs += afterMs
          const next = nextLoad(load, { ...reading, nowMs }, MARKS)
          if (load.level === 0 && next.level > 0) begun++
          load = next
          expect(load.level).toBeGreaterThanOrEqual(0)
          expect(load.level).toBeLessThanOrEqual(MOST)
        }
        expect(begun).toBeLessThanOrEqual(7 + nowMs / 9_000)
      }),
    )
  })

  it('labels give way at once and come back one step at a time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let nowMs = 0
        let load: Load = NO_LOAD
        for (const { afterMs, ...reading } of steps) {
          nowMs += afterMs
          const next = nextLoad(load, { ...reading, nowMs }, MARKS)
          if (reading.waitMs >= MARKS.highWaitMs) expect(next.level).toBe(MOST)
          else expect(load.level - next.level).toBeLessThanOrEqual(1)
          load = next
        }
      }),
    )
  })
})

describe('in a loop with a processor', () => {
  it('settles and stays settled under a constant load that it can take, whatever stood in line', () => {
    fc.assert(
      fc.property(
        // One whose batches are much shorter than the deadline.
        loads((events, labels) => events + labels < 0.6).filter(({ capacity }) => capacity > 4_000),
        (drawn) => {
          const { moments } = play(drawn, 300_000)
          const late = moments.filter(({ atMs }) => atMs > 240_000)
          expect(late.every(({ level }) => level === 0)).toBe(true)
          expect(Math.max(...late.map(({ waitMs }) => waitMs))).toBeLessThan(
            MARKS.lowWaitMs + (2_000 * BATCH) / drawn.capacity,
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  it('keeps events in time when only the labels are too many, and switches seldom', () => {
    fc.assert(
      fc.property(
        loads((events, labels) => events < 0.5 && events + labels > 1.1).filter(
          ({ capacity }) => capacity > 5_000,
        ),
        (drawn) => {
          const { moments } = play(drawn, 300_000)
          const late = moments.filter(({ atMs }) => atMs > 120_000)
          const missed = late.filter(({ waitMs }) => waitMs > 250).length
          expect(missed / late.length).toBeLessThan(0.02)
          expect(begins(late)).toBeLessThanOrEqual(180 / 9)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('gives labels a turn within a bounded time, whatever the load', () => {
    fc.assert(
      fc.property(
        loads(() => true),
        (drawn) => {
          const { moments } = play({ ...drawn, labelBacklog: 1_000_000_000 }, 60_000)
          // The longest that one turn can be away, and the batches that may stand before it.
          const longestMs = 50 * 2 ** MOST + 2 * (BATCH_COST_MS + (BATCH * 1_000) / drawn.capacity)
          for (const [i, { atMs, labels }] of moments.entries()) {
            const then = moments.slice(i).find((moment) => moment.atMs > atMs + longestMs)
            if (i % 97 === 0 && then !== undefined) expect(then.labels).toBeGreaterThan(labels)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
