import { setTimeout as delay } from 'node:timers/promises'

/** Resolves after so many milliseconds, or as soon as the signal is aborted. Never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // What it throws says that it was aborted, and nothing else.
  await delay(ms, undefined, { signal }).catch(() => undefined)
}
