// Brings messages into the order in which they would have arrived. Holds so many events that rows which are a little out of order
// find their place, and labels until their time.
import type { OutputRecord } from '../log/event-log.ts'
import { createQueue } from '../simulator/queue.ts'

export interface ArrivalOrder {
  /** `atMs` is when the message arrives. False for an event older than what has left already: it leaves next. */
  add(message: OutputRecord, atMs: number, kind: 'event' | 'label'): boolean
  /** What may leave now, appended to `messages`; everything at the end. */
  take(messages: OutputRecord[], end: boolean): void
}

interface Waiting {
  readonly message: OutputRecord
  readonly atMs: number
  readonly isEvent: boolean
}

/** Keeps the last `maxEvents` events back. */
export function createArrivalOrder(maxEvents: number): ArrivalOrder {
  const queue = createQueue<Waiting>()
  let events = 0
  let leftMs = Number.NEGATIVE_INFINITY
  return {
    add(message, atMs, kind) {
      const isEvent = kind === 'event'
      if (isEvent) events++
      queue.add(atMs, { message, atMs, isEvent })
      return atMs >= leftMs
    },
    take(messages, end) {
      for (;;) {
        const next = end || events > maxEvents ? queue.take() : null
        if (next === null) return
        if (next.isEvent) events--
        leftMs = Math.max(leftMs, next.atMs)
        messages.push(next.message)
      }
    },
  }
}
