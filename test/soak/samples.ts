// What is measured during a soak, once a second: lag and commits of the group; of the processor that is never killed its memory, how
// much it decided, and how much of that without whole journals.
import { setTimeout as delay } from 'node:timers/promises'
import type { OffsetWatch } from '../faults/offsets.ts'
import { decisionsIn } from '../support/metrics-text.ts'

const EVERY_MS = 1_000
const MEMORY = /^process_resident_memory_bytes (\d+)/m
const WITHOUT_JOURNALS = /^paysentry_degraded_total\{what="journals"\} (\d+)/m

export interface Sample {
  /** Since the soak began, seconds. */
  readonly at: number
  /** Records that wait to be committed. */
  readonly lag: number
  /** Records committed since the sample before, a second. */
  readonly throughput: number
  /** Null when the processor did not answer, because it stands still. */
  readonly memoryBytes: number | null
  /** Its decisions so far; null when it did not answer. */
  readonly decided: Decided | null
}

export interface Decided {
  readonly decisions: number
  /** Those of them that the policy made, or that were made while the journals of their partition were not complete. */
  readonly withoutJournals: number
}

export interface Sampler {
  readonly samples: readonly Sample[]
  /** Seconds since the start. */
  at(): number
  stop(): Promise<void>
}

export function startSampling(offsets: OffsetWatch, addressOf: () => string): Sampler {
  const samples: Sample[] = []
  const startedAtMs = performance.now()
  const at = (): number => (performance.now() - startedAtMs) / 1_000
  const stopping = new AbortController()
  let committedBefore = offsets.committed()
  let before = at()
  const sample = async (): Promise<void> => {
    const metrics = await metricsOf(addressOf())
    const now = at()
    const committed = offsets.committed()
    samples.push({
      at: now,
      lag: offsets.lag(),
      throughput: (committed - committedBefore) / (now - before),
      ...metrics,
    })
    committedBefore = committed
    before = now
  }
  const sampling = (async () => {
    while (!stopping.signal.aborted) {
      await delay(EVERY_MS)
      await sample()
    }
  })()
  return {
    samples,
    at,
    async stop() {
      stopping.abort()
      await sampling
    },
  }
}

async function metricsOf(address: string): Promise<Pick<Sample, 'memoryBytes' | 'decided'>> {
  try {
    const response = await fetch(`${address}/metrics`, { signal: AbortSignal.timeout(EVERY_MS) })
    const text = await response.text()
    return {
      memoryBytes: Number(MEMORY.exec(text)?.[1] ?? Number.NaN),
      decided: {
        decisions: decisionsIn(text),
        // Counted from the first one on.
        withoutJournals: Number(WITHOUT_JOURNALS.exec(text)?.[1] ?? 0),
      },
    }
  } catch {
    return { memoryBytes: null, decided: null }
  }
}
