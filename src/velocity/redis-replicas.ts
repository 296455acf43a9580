// Waiting for replicas: what a replica has, a failover does not lose.
import type { Redis } from 'ioredis'
import { AppError } from '../errors.ts'
import type { RedisConnectionOptions } from './redis-connection.ts'

/** Of the time that a command may take; the server must answer before the client gives up. */
const WAIT_SHARE = 0.8

/**
 * Resolves when `waitReplicas` replicas have all that this connection wrote. Throws STORE_UNAVAILABLE when they are too few
 * or too slow: the caller then writes again, which changes nothing where it already stands.
 */
export async function awaitReplicas(
  redis: Redis,
  { waitReplicas = 0, commandTimeoutMs }: RedisConnectionOptions,
): Promise<void> {
  if (waitReplicas === 0) return
  const reached = await redis.wait(waitReplicas, Math.floor(commandTimeoutMs * WAIT_SHARE))
  if (reached >= waitReplicas) return
  throw new AppError(
    'STORE_UNAVAILABLE',
    `${redis.options.host ?? ''}:${redis.options.port ?? ''}: ${reached} replica(s) took over the records, and redis.waitReplicas asks for ${waitReplicas}`,
  )
}
