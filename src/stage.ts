// The observing wrapper around every stage: a stage itself holds no timer, counter or log line.
import type { StageName } from './batch.ts'

export type Stage<I, O> = (input: I) => O | Promise<O>

/** Told after each run of a stage, also one that threw; `seconds` is wall time. */
export type StageObserver = (stage: StageName, seconds: number) => void

/** `stage`, timed with the monotonic clock. What it throws is thrown on. */
export function observed<I, O>(
  name: StageName,
  stage: Stage<I, O>,
  observe: StageObserver,
): (input: I) => Promise<O> {
  return async (input) => {
    const startedAt = performance.now()
    try {
      return await stage(input)
    } finally {
      observe(name, (performance.now() - startedAt) / 1_000)
    }
  }
}
