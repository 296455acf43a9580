// Asks again while a server is not back yet: what a schedule broke is put right, and that takes its time.
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../../src/errors.ts'

const TRIES = 60
const PAUSE_MS = 500

/** The result of the work, once neither Kafka nor Redis is away. The work must bear being done again from its beginning. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (thrown) {
      const isAway =
        thrown instanceof AppError &&
        (thrown.code === 'LOG_UNAVAILABLE' || thrown.code === 'STORE_UNAVAILABLE')
      if (!isAway || tries === TRIES) throw thrown
    }
    await delay(PAUSE_MS)
  }
}
