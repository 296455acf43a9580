import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { marksFor } from '../../src/overload.ts'
import { createPriority, type Priority } from '../../src/priority.ts'
import { recordAt, sourceOf } from '../support/batches.ts'

const EVENTS = 'payments.events'
const LABELS = 'payments.labels'

describe('events before labels', () => {
  let calls: string[]
  let changes: boolean[]
  let late: boolean[]
  let priority: Priority
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
    calls = []
    changes = []
    late = []
    priority = createPriority({
      topics: { events: EVENTS, labels: LABELS },
      marks: marksFor(250),
      now: Date.now,
      onChange: (isOverloaded) => changes.push(isOverloaded),
      onLate: (isLate) => late.push(isLate),
    })
    priority.onAssigned({ [EVENTS]: [0, 1], [LABELS]: [0, 1] })
    priority.start({
      pause: (topic) => calls.push(`pause ${topic}`),
      resume: (topic, partition) => calls.push(`resume ${topic} ${partition ?? 'all'}`),
    })
  })
  afterEach(() => {
    priority.close()
    vi.useRealTimers()
  })

  const batch = (topic: string, partition: number, waitedMs: number, lag: number): PartitionBatch => ({
    ...sourceOf([{ ...recordAt(0), topic, timestampMs: Date.now() - waitedMs }]),
    topic,
    partition,
    lag,
  })
  const work = (source: PartitionBatch) => priority.around(async () => undefined)(source)
  const taken = () => calls.splice(0)

  it('pauses the labels when an event has waited too long, and says so once', async () => {
    await work(batch(EVENTS, 0, 100, 10))
    expect(taken()).toEqual([])
    await work(batch(EVENTS, 0, 220, 10))
    await work(batch(EVENTS, 0, 300, 10))
    expect(taken()).toEqual([`pause ${LABELS}`])
    expect([priority.level(), changes]).toEqual([4, [true]])
  })

  it('says at once when events no longer wait too long, though labels give way for longer', async () => {
    await work(batch(EVENTS, 0, 220, 10))
    await work(batch(EVENTS, 1, 20, 10))
    expect(late).toEqual([true])
    await work(batch(EVENTS, 0, 20, 10))
    expect(late).toEqual([true, false])
    expect([priority.level(), changes]).toEqual([4, [true]])
  })

  it('gives labels a turn of one batch after fifteen batches of events, one partition after the other', async () => {
    for (let i = 0; i < 16; i++) await work(batch(EVENTS, 0, 300, 10))
    expect(taken()).toEqual([`pause ${LABELS}`, `resume ${LABELS} 0`])
    await work(batch(LABELS, 0, 5_000, 900))
    expect(taken()).toEqual([`pause ${LABELS}`, `pause ${LABELS}`])
    for (let i = 0; i < 15; i++) await work(batch(EVENTS, 0, 300, 10))
    expect(taken()).toEqual([`resume ${LABELS} 1`])
  })

  it('gives labels a turn within a second although no batch of events comes to its end', async () => {
    const never = priority.around(() => new Promise(() => undefined))
    void never(batch(EVENTS, 0, 300, 10))
    await vi.advanceTimersByTimeAsync(900)
    expect(taken()).toEqual([`pause ${LABELS}`, `resume ${LABELS} 0`])
  })

  it('passes a turn on that is not taken', async () => {
    for (let i = 0; i < 16; i++) await work(batch(EVENTS, 0, 300, 10))
    taken()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(taken()).toEqual([`pause ${LABELS}`, `resume ${LABELS} 1`])
  })

  it('lets labels go on in steps when events are calm, and freely when no partition of labels has more', async () => {
    await work(batch(EVENTS, 0, 300, 0))
    for (const level of [3, 2, 1, 1, 1]) {
      await vi.advanceTimersByTimeAsync(500)
      await work(batch(LABELS, 0, 0, 900))
      await vi.advanceTimersByTimeAsync(600)
      expect(priority.level()).toBe(level)
    }
    taken()
    await work(batch(LABELS, 0, 0, 0))
    await work(batch(LABELS, 1, 0, 0))
    await vi.advanceTimersByTimeAsync(100)
    expect(priority.level()).toBe(0)
    expect(taken().at(-1)).toBe(`resume ${LABELS} all`)
    expect(changes).toEqual([true, false])
  })

  it('forgets how long events waited in partitions that it no longer has, or hears nothing of', async () => {
    await work(batch(EVENTS, 0, 300, 10))
    await vi.advanceTimersByTimeAsync(3_000)
    expect(priority.level()).toBe(4)
    await vi.advanceTimersByTimeAsync(3_500)
    expect(priority.level()).toBe(3)
    await work(batch(EVENTS, 1, 300, 10))
    priority.onAssigned({ [EVENTS]: [0], [LABELS]: [0] })
    await vi.advanceTimersByTimeAsync(2_200)
    expect(priority.level()).toBe(3)
  })

  it('hands on what the work throws', async () => {
    const failing = priority.around(async () => {
      throw new RangeError('boom')
    })
    await expect(failing(batch(EVENTS, 0, 300, 0))).rejects.toThrow('boom')
  })
})
