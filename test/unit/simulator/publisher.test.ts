import { describe, expect, it } from 'vitest'
import type { OutputRecord } from '../../../src/log/event-log.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { createEncoder } from '../../../src/simulator/encode.ts'
import { type Progress, publish, type PublisherOptions } from '../../../src/simulator/publisher.ts'
import { createSimulator } from '../../../src/simulator/simulator.ts'
import { START_MS } from './records.ts'

/** A publisher on a clock that moves only when it waits; `sent` has the time of each chunk. */
function setUp(changes: Partial<PublisherOptions> = {}) {
  const simulator = createSimulator({ seed: 1, startMs: START_MS, customers: 2_000, fraudShare: 0.05 })
  const sent: { atMs: number; messages: readonly OutputRecord[] }[] = []
  const shown: Progress[] = []
  const clock: number[] = []
  let nowMs = 0
  const options: PublisherOptions = {
    next: () => simulator.next(),
    encode: createEncoder({ topics: topicNames('') }),
    send: async (messages) => void sent.push({ atMs: nowMs, messages }),
    events: Number.POSITIVE_INFINITY,
    ratePerSecond: null,
    notAheadOf: null,
    now: () => nowMs,
    wait: async (ms) => {
      nowMs += ms
    },
    signal: new AbortController().signal,
    onProgress: (progress) => shown.push(progress),
    onClockReached: () => clock.push(nowMs),
    ...changes,
  }
  return { options, sent, shown, clock, now: () => nowMs }
}

describe('the publisher', () => {
  it('sends exactly so many events, with the labels that fall between them, in order', async () => {
    const { options, sent, shown } = setUp({ events: 25_000 })
    const progress = await publish(options)
    const messages = sent.flatMap((chunk) => chunk.messages)
    expect(progress.events).toBe(25_000)
    expect(messages.filter(({ topic }) => topic === 'payments.events').length).toBe(25_000)
    expect(messages.filter(({ topic }) => topic === 'payments.labels').length).toBe(progress.labels)
    expect(progress.labels).toBeGreaterThan(0)
    const times = messages.map(({ timestampMs }) => timestampMs ?? 0)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(shown.at(-1)).toEqual(progress)
    expect(progress.simulatedMs).toBe(times.at(-1))
  })

  it('keeps the rate in every second', async () => {
    const { options, sent, now } = setUp({ events: 5_000, ratePerSecond: 500 })
    await publish(options)
    expect(now()).toBeGreaterThan(9_900)
    expect(now()).toBeLessThan(10_300)
    for (let second = 0; second < 9; second++) {
      const chunks = sent.filter(({ atMs }) => atMs >= second * 1_000 && atMs < (second + 1) * 1_000)
      const count = chunks.reduce((sum, { messages }) => sum + messages.length, 0)
      expect(Math.abs(count - 500)).toBeLessThanOrEqual(11)
    }
  })

  it('keeps a rate below one record a slice', async () => {
    const { options, now } = setUp({ events: 20, ratePerSecond: 2 })
    await publish(options)
    expect(now()).toBeGreaterThanOrEqual(9_400)
    expect(now()).toBeLessThan(10_100)
  })

  it('makes up for at most a second after a pause', async () => {
    let nowMs = 0
    const waits = [20, 60_000, 20, 20]
    const sizes: number[] = []
    const stop = new AbortController()
    const { options } = setUp({
      ratePerSecond: 100,
      now: () => nowMs,
      send: async (messages) => void sizes.push(messages.length),
      signal: stop.signal,
    })
    await publish({
      ...options,
      onProgress: () => {
        nowMs += waits.shift() ?? 0
        if (waits.length === 0) stop.abort()
      },
    })
    expect(sizes).toEqual([1, 2, 100, 2])
  })

  it('never sends a record before its time, and says once that it waits', async () => {
    const { options, sent, clock } = setUp({ events: 200 })
    await publish({ ...options, notAheadOf: () => START_MS + options.now() })
    expect(sent.length).toBeGreaterThan(50)
    expect(clock).toEqual([0])
    for (const { atMs, messages } of sent) {
      for (const { timestampMs } of messages) expect(timestampMs).toBeLessThanOrEqual(START_MS + atMs)
    }
  })

  it('ends between two chunks when it is told to, and says what was sent', async () => {
    const stop = new AbortController()
    const { options, sent } = setUp({ signal: stop.signal })
    const progress = await publish({
      ...options,
      onProgress: ({ events }) => events > 2_500 && stop.abort(),
    })
    const messages = sent.flatMap((chunk) => chunk.messages)
    expect(messages.length).toBe(progress.events + progress.labels)
    expect(messages.length).toBe(3_000)
  })

  it('counts bad messages apart', async () => {
    const encode = createEncoder({ topics: topicNames(''), poisonEvery: 5 })
    const { options, sent } = setUp({ events: 1_000, encode })
    const progress = await publish(options)
    expect(progress.bad).toBe(Math.floor((progress.events + progress.labels - 1) / 4))
    expect(sent.flatMap((chunk) => chunk.messages).length).toBe(
      progress.events + progress.labels + progress.bad,
    )
  })

  it('throws what sending throws', async () => {
    const { options } = setUp({ send: () => Promise.reject(new Error('Kafka is gone')) })
    await expect(publish(options)).rejects.toThrow('Kafka is gone')
  })
})
