// Simulated traffic for `paysentry start`: first a stretch of history at full speed, so that habits are known, then at an
// even rate. It keeps what the simulator knows about each payment, to say how many frauds were flagged.
import { setTimeout as delay } from 'node:timers/promises'
import type { Batch } from '../batch.ts'
import type { EventLog, OutputRecord } from '../log/event-log.ts'
import type { TopicNames } from '../log/topics.ts'
import { encodeRecord } from '../simulator/encode.ts'
import { publish } from '../simulator/publisher.ts'
import { createSimulator, type SimulatedRecord } from '../simulator/simulator.ts'
import type { Summary } from './terminal-view.ts'

/** Few enough that 30,000 events of history are a week of habits. */
const CUSTOMERS = 2_000
/** More than in life, so that something happens on the screen. */
const FRAUD_SHARE = 0.01

export interface DemoOptions {
  readonly log: EventLog
  readonly topics: TopicNames
  readonly seed: number
  /** Where simulated time starts, epoch milliseconds. */
  readonly startMs: number
}

export interface DemoRun {
  /** Events to play at full speed before `onLearnt`. */
  readonly history: number
  /** Records a second after that. */
  readonly rate: number
  /** Events after history at which the run ends; endless if absent. */
  readonly events?: number
  readonly onProgress: (done: number, of: number) => void
  readonly onLearnt: () => void
}

export interface Demo {
  /** Resolves when all events of a limited run are decided, or after `stop`. */
  run(options: DemoRun): Promise<void>
  stop(): void
  completed(batch: Batch): void
  /** Payments decided since history ended, by what they really were. Flagged: any action but `allow`. */
  truth(): NonNullable<Summary['truth']>
}

export function createDemo({ log, topics, seed, startMs }: DemoOptions): Demo {
  const simulator = createSimulator({ seed, startMs, customers: CUSTOMERS, fraudShare: FRAUD_SHARE })
  const stopping = new AbortController()
  const { signal } = stopping
  /** Whether each payment on its way is fraud. */
  const truths = new Map<string, boolean>()
  const counts = { fraud: 0, flaggedFraud: 0, genuine: 0, flaggedGenuine: 0 }
  let counting = false
  let produced = 0
  let finished = 0
  let drained = Promise.withResolvers<void>()

  const play = (events: number, ratePerSecond: number | null, onProgress: (done: number) => void) =>
    publish({
      next: () => simulator.next(),
      encode: (record: SimulatedRecord, messages: OutputRecord[]) => {
        if (record.kind === 'event') truths.set(record.event.id, record.truth === 'fraud')
        messages.push(encodeRecord(record, topics))
      },
      async send(messages) {
        produced += messages.length
        await log.produce(messages)
      },
      events,
      ratePerSecond,
      notAheadOf: null,
      now: () => performance.now(),
      wait: (ms) => delay(ms),
      signal,
      onProgress: (progress) => onProgress(progress.events),
      onClockReached: () => undefined,
    })
  const drain = async (): Promise<void> => {
    drained = Promise.withResolvers<void>()
    if (finished < produced && !signal.aborted) await drained.promise
  }

  return {
    async run({ history, rate, events, onProgress, onLearnt }) {
      if (history > 0) await play(history, null, (done) => onProgress(done, history))
      await drain()
      if (signal.aborted) return
      counting = true
      onLearnt()
      await play(events ?? Number.POSITIVE_INFINITY, rate, () => undefined)
      await drain()
    },
    stop() {
      stopping.abort()
      drained.resolve()
    },
    completed(batch) {
      finished += batch.source.records.length
      for (const { event, decision } of batch.events) {
        const fraud = truths.get(event.id)
        truths.delete(event.id)
        if (!counting || fraud === undefined || decision === null || event.amount === 0) continue
        const flagged = decision.action === 'allow' ? 0 : 1
        counts[fraud ? 'fraud' : 'genuine']++
        counts[fraud ? 'flaggedFraud' : 'flaggedGenuine'] += flagged
      }
      if (finished >= produced) drained.resolve()
    },
    truth: () => ({ ...counts }),
  }
}
