// One exchange with Redis: on an open connection, timed, and with errors that are ours.
import { AppError } from '../errors.ts'
import type { RedisConnection } from './redis-connection.ts'
import { storeError } from './redis-error.ts'

export interface Exchange {
  /** Runs `work` on an open connection. Whatever it throws leaves as an AppError. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** As `run`; throws STORE_UNAVAILABLE too when another server may have answered for one of the parts at its end than before. */
  runWith<T>(parts: readonly string[], work: () => Promise<T>): Promise<T>
}

/** `onRoundTrip` is told the wall time of each, in seconds. */
export function createExchange(
  connection: RedisConnection,
  onRoundTrip: (seconds: number) => void = () => undefined,
): Exchange {
  const { address } = connection

  async function run<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      await connection.open()
      return await work()
    } catch (error) {
      throw storeError(error, address)
    } finally {
      onRoundTrip((performance.now() - startedAt) / 1_000)
    }
  }

  return {
    run,
    runWith(parts, work) {
      const startedIn = connection.generation()
      const requireSame = (): void => {
        connection.noteOwners(parts)
        if (startedIn === connection.generation()) return
        throw new AppError('STORE_UNAVAILABLE', `${address}: the connection changed`)
      }
      return run(async () => {
        requireSame()
        const result = await work()
        requireSame()
        return result
      })
    },
  }
}
