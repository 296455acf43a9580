// Work that may run side by side, and work that must run alone in the process.

export interface Turns {
  /** Runs the work beside other such work, after whatever waits to run alone. */
  together<T>(work: () => Promise<T>): Promise<T>
  /** Runs the work while nothing else does. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

export function createTurns(): Turns {
  const running = new Set<Promise<unknown>>()
  /** `last` resolves when the last work that asked to run alone is done. */
  const queue: { last: Promise<void> | null } = { last: null }
  return {
    async together(work) {
      while (queue.last !== null) await queue.last
      const run = work()
      running.add(run)
      try {
        return await run
      } finally {
        running.delete(run)
      }
    },
    async alone(work) {
      const before = queue.last
      const done = Promise.withResolvers<void>()
      queue.last = done.promise
      try {
        await before
        await Promise.allSettled(running)
        return await work()
      } finally {
        if (queue.last === done.promise) queue.last = null
        done.resolve()
      }
    },
  }
}
