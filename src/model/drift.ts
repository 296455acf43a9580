// Whether the traffic still looks like what the model learned from: counts of a window of the last day or so in the bins of the
// model's fingerprints. Works on batches that are committed, so that no decision waits for it, and on some payments of each: its cost
// is bounded whatever the traffic.
import type { BatchEvent } from '../batch.ts'
import { binOf, type Fingerprint, stabilityIndex } from './fingerprint.ts'
import type { FeatureReader } from './features.ts'

export interface DriftFigures {
  /** Population stability index of each feature. */
  readonly features: readonly { readonly feature: string; readonly psi: number }[]
  /** Of the score. */
  readonly score: number
  /** Payments in the window that were looked at. */
  readonly payments: number
  /** Part of the window that has passed since it began, 0 to 1. */
  readonly filled: number
}

export interface DriftOptions {
  readonly features: readonly { readonly id: string; readonly fingerprint: Fingerprint }[]
  readonly score: Fingerprint
  readonly readFeatures: FeatureReader
  /** A whole day or more, or the hours of the day look like a drift. */
  readonly windowMs: number
  /** Epoch milliseconds. */
  readonly now: () => number
}

export interface Drift {
  /** Counts payments of a committed batch that were scored with their journals. */
  count(events: readonly BatchEvent[]): void
  /** Null while there are too few payments to say anything. */
  figures(): DriftFigures | null
}

/** The window moves by this part of it at a time. */
const SLOTS = 24
const PAYMENTS_A_BATCH = 16
/** Without a drift the index is about the number of bins over that of payments: 0.01 with so many. */
const LEAST_PAYMENTS = 1_000

export function createDrift(options: DriftOptions): Drift {
  const { features, readFeatures, now } = options
  const fingerprints = [...features.map(({ fingerprint }) => fingerprint), options.score]
  const starts = startsOf(fingerprints)
  const window = createCountWindow(starts.at(-1) ?? 0, options.windowMs, now)
  const row = new Float64Array(features.length)
  let turn = 0

  const countOne = (event: BatchEvent, counts: Uint32Array, score: number): void => {
    readFeatures(event, row, 0)
    for (const [i, { edges }] of fingerprints.entries()) {
      const at = (starts[i] ?? 0) + binOf(i < row.length ? (row[i] ?? Number.NaN) : score, edges)
      counts[at] = (counts[at] ?? 0) + 1
    }
  }
  return {
    count(events) {
      const stride = Math.max(1, Math.ceil(events.length / PAYMENTS_A_BATCH))
      // Another place in each batch: what stands at one place of every batch may be of one kind.
      turn = (turn + 1) % stride
      for (let i = turn; i < events.length; i += stride) {
        const event = events[i]
        if (event === undefined || event.scored === null || lacksJournals(event)) continue
        countOne(event, window.counts(), event.scored.value)
      }
    },
    figures() {
      const counts = window.sum()
      const indexOf = (i: number): number =>
        stabilityIndex(fingerprints[i]?.shares ?? [], counts.subarray(starts[i], starts[i + 1]))
      const payments = counts.subarray(starts.at(-2)).reduce((sum, count) => sum + count, 0)
      if (payments < LEAST_PAYMENTS) return null
      return {
        features: features.map(({ id }, i) => ({ feature: id, psi: indexOf(i) })),
        score: indexOf(features.length),
        payments,
        filled: window.filled(),
      }
    },
  }
}

function lacksJournals({ degraded }: BatchEvent): boolean {
  return degraded.some((what) => what.startsWith('journals'))
}

/** Where the bins of each fingerprint begin, and where the last ones end. */
function startsOf(fingerprints: readonly Fingerprint[]): number[] {
  const starts = [0]
  for (const { shares } of fingerprints) starts.push((starts.at(-1) ?? 0) + shares.length)
  return starts
}

/** Counts of the last `windowMs`, in slots that are emptied one after another. */
function createCountWindow(bins: number, windowMs: number, now: () => number) {
  const slotMs = windowMs / SLOTS
  const slots = Array.from({ length: SLOTS }, () => new Uint32Array(bins))
  const startedMs = now()
  let newest = Math.floor(startedMs / slotMs)
  const advance = (): void => {
    const slot = Math.floor(now() / slotMs)
    // A clock that was set back counts into the newest slot.
    for (let passed = Math.max(newest + 1, slot - SLOTS + 1); passed <= slot; passed++)
      slots[passed % SLOTS]?.fill(0)
    newest = Math.max(newest, slot)
  }
  return {
    /** Where to count now. */
    counts(): Uint32Array {
      advance()
      return slots[newest % SLOTS] ?? new Uint32Array(bins)
    },
    sum(): Float64Array {
      advance()
      const sum = new Float64Array(bins)
      for (const slot of slots) for (const [bin, count] of slot.entries()) sum[bin] = (sum[bin] ?? 0) + count
      return sum
    },
    filled: () => Math.min(1, Math.max(0, (now() - startedMs) / windowMs)),
  }
}
