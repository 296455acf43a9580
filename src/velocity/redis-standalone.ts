// One Redis server, or whatever stands behind one address.
import { Redis } from 'ioredis'
import { functionCall } from './redis-call.ts'
import type { RedisConnection, RedisConnectionOptions } from './redis-connection.ts'
import { replyCode } from './redis-error.ts'
import { loadLibrary, readLibraryCode } from './redis-library.ts'
import { awaitReplicas } from './redis-replicas.ts'

/** Does not connect yet: the first `open` does. */
export function connectStandalone(options: RedisConnectionOptions): RedisConnection {
  const { commandTimeoutMs, logger } = options
  const code = readLibraryCode()
  const redis = new Redis(options.url, {
    lazyConnect: true,
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A peer that vanished without a word is noticed by silence, not by TCP's own fifteen minutes.
    socketTimeout: commandTimeoutMs * 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * 2 ** (attempt - 1), 2_000),
    // A replica that was the primary a moment ago: connect again, to whatever the address leads to by now.
    reconnectOnError: (error) => replyCode(error) === 'READONLY',
  })
  const address = `${redis.options.host ?? ''}:${redis.options.port ?? ''}`
  let generation = 0
  /** Of this connection; null before its first call. */
  let library: Promise<void> | null = null
  let connecting: Promise<void> | null = null
  let lastError: unknown = null
  redis.on('error', (error: unknown) => {
    lastError = error
  })
  redis.on('close', () => {
    generation++
    library = null
  })

  async function checkLibrary(): Promise<void> {
    try {
      if (!(await loadLibrary(redis, code, 'standalone'))) return
      logger?.info({ redis: address }, 'Loaded the velocity function library into Redis')
    } catch (error) {
      library = null
      throw error
    }
  }

  function failToConnect(error: unknown): never {
    throw lastError ?? error
  }

  /** Resolves when the connection that is being made is ready; all who wait share one pair of listeners. */
  function connected(): Promise<void> {
    connecting ??= new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => () => {
        connecting = null
        redis.off('ready', onReady)
        redis.off('close', onClose)
        settle()
      }
      const onReady = done(resolve)
      const onClose = done(() => reject(lastError ?? new Error('the connection was closed')))
      redis.on('ready', onReady)
      redis.on('close', onClose)
    })
    return connecting
  }

  async function callOnce(args: readonly (string | Buffer)[]): Promise<unknown> {
    const called = redis.sendCommand(functionCall(args))
    // In the same tick, so that it follows the call on the wire.
    const [reply] = await Promise.all([called, awaitReplicas(redis, options)])
    return reply
  }

  return {
    address,
    generation: () => generation,
    async open() {
      if (redis.status === 'wait') await inTime(redis.connect().catch(failToConnect), commandTimeoutMs)
      else if (redis.status === 'connecting' || redis.status === 'connect')
        await inTime(connected(), commandTimeoutMs)
      else if (redis.status !== 'ready')
        failToConnect(new Error(`the connection is in state ${redis.status}`))
      library ??= checkLibrary()
      await library
    },
    partOf: () => '',
    parts: [''],
    masters: () => [redis],
    noteOwners: () => undefined,
    async callFunction(_part, args) {
      try {
        return await callOnce(args)
      } catch (error) {
        // A function that does not exist has no error code of its own. Somebody may have emptied Redis while it ran.
        if (replyCode(error) !== 'ERR' || !(await loadLibrary(redis, code, 'standalone'))) throw error
        logger?.warn(
          { redis: address },
          'The velocity function library was gone from Redis and was loaded again',
        )
        return await callOnce(args)
      }
    },
    expiresInMs: (key) => redis.pttl(key),
    async ping() {
      await redis.ping()
    },
    async close() {
      if (redis.status === 'end') return
      // Between two tries to connect there is no socket whose end could be awaited: then ioredis never says that it ended.
      const ended = hasSocket(redis.status) ? new Promise((resolve) => redis.once('end', resolve)) : null
      redis.disconnect()
      await ended
    },
  }
}

/** ioredis waits for as long as a server takes to load its data set; who calls must hear of it in time. */
async function inTime(ready: Promise<void>, limitMs: number): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`not ready within ${limitMs} ms; it may be loading its data set`))
  }, limitMs)
  try {
    await Promise.race([ready, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function hasSocket(status: Redis['status']): boolean {
  return status === 'connecting' || status === 'connect' || status === 'ready'
}
