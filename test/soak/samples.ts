// What is measured during a soak, once a second: lag and commits of the group, memory of the processor that is never killed.
import { setTimeout as delay } from 'node:timers/promises'
import type { OffsetWatch } from '../faults/offsets.ts'

const EVERY_MS = 1_000
const MEMORY = /^process_resident_memory_bytes (\d+)/m

export interface Sample {
  /** Since the soak began, seconds. */
  readonly at: number
  /** Records that wait to be committed. */
  readonly lag: number
  /** Records committed since the sample before, a second. */
  readonly throughput: number
  /** Null when the processor did not answer, because it stands still. */
  readonly memoryBytes: number | null
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
    const memoryBytes = await memoryOf(addressOf())
    const now = at()
    const committed = offsets.committed()
    samples.push({
      at: now,
      lag: offsets.lag(),
      throughput: (committed - committedBefore) / (now - before),
      memoryBytes,
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

async function memoryOf(address: string): Promise<number | null> {
  try {
    const response = await fetch(`${address}/metrics`, { signal: AbortSignal.timeout(EVERY_MS) })
    return Number(MEMORY.exec(await response.text())?.[1] ?? Number.NaN)
  } catch {
    return null
  }
}
