// Sends simulated records at a steady rate, in order, one chunk after another. Guarantees: when it returns, everything
// that it counts as sent has been accepted; a stop falls between two chunks.
import type { OutputRecord } from '../log/event-log.ts'
import type { SimulatedRecord } from './recorder.ts'

export interface PublisherOptions {
  readonly next: () => SimulatedRecord
  readonly encode: (record: SimulatedRecord, messages: OutputRecord[]) => void
  readonly send: (messages: readonly OutputRecord[]) => Promise<void>
  /** Payment events after which to end; Infinity goes on until the signal. Labels and bad messages come on top. */
  readonly events: number
  /** Records a second; null sends as fast as it is accepted. */
  readonly ratePerSecond: number | null
  /** The clock, epoch milliseconds, that no record may be ahead of; null when records may come before their time. */
  readonly notAheadOf: (() => number) | null
  /** Monotonic, milliseconds. */
  readonly now: () => number
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
  /** Called once, when records first have to wait for the clock. */
  readonly onClockReached: () => void
}

export interface Progress {
  readonly events: number
  readonly labels: number
  readonly bad: number
  /** Arrival of the newest record sent; NaN before the first. */
  readonly simulatedMs: number
}

const SLICE_MS = 20
const MAX_CHUNK = 1_000
/** After a pause of the machine at most this much is made up for at once. */
const MAX_BURST_MS = 1_000

/** Runs until `events` are sent or the signal comes; returns what was sent. Throws what `send` throws. */
export async function publish(options: PublisherOptions): Promise<Progress> {
  const { next, encode, send, signal } = options
  let progress: Progress = { events: 0, labels: 0, bad: 0, simulatedMs: Number.NaN }
  let ahead: SimulatedRecord | null = null
  let clockReached = false
  const allowance = createAllowance(options)
  while (progress.events < options.events && !signal.aborted) {
    const chunk: OutputRecord[] = []
    const taken = { events: 0, labels: 0 }
    let { simulatedMs } = progress
    const most = allowance.take()
    const clockMs = options.notAheadOf?.() ?? Number.POSITIVE_INFINITY
    while (taken.events + taken.labels < most && progress.events + taken.events < options.events) {
      ahead ??= next()
      if (ahead.arrivesAtMs > clockMs) {
        if (!clockReached) options.onClockReached()
        clockReached = true
        break
      }
      encode(ahead, chunk)
      simulatedMs = ahead.arrivesAtMs
      if (ahead.kind === 'event') taken.events++
      else taken.labels++
      ahead = null
    }
    const records = taken.events + taken.labels
    allowance.giveBack(most - records)
    if (records === 0) {
      await options.wait(SLICE_MS)
      continue
    }
    await send(chunk)
    progress = {
      events: progress.events + taken.events,
      labels: progress.labels + taken.labels,
      bad: progress.bad + chunk.length - records,
      simulatedMs,
    }
    options.onProgress(progress)
  }
  return progress
}

/** How many records may go now: what the time since the last look has earned. */
function createAllowance({ ratePerSecond, now }: PublisherOptions) {
  if (ratePerSecond === null) return { take: () => MAX_CHUNK, giveBack: () => undefined }
  const maxEarned = Math.max(1, (ratePerSecond * MAX_BURST_MS) / 1_000)
  let earned = 1
  let lookedAtMs = now()
  return {
    take() {
      const nowMs = now()
      earned = Math.min(earned + ((nowMs - lookedAtMs) / 1_000) * ratePerSecond, maxEarned)
      lookedAtMs = nowMs
      const whole = Math.min(Math.floor(earned), MAX_CHUNK)
      earned -= whole
      return whole
    },
    giveBack(unused: number) {
      earned += unused
    },
  }
}
