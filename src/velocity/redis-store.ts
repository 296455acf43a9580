// Journals in Redis: one function call a batch, whatever the number of journals in it.
//
// Guarantees: fails fast, never queues. Without a connection, or after `commandTimeoutMs`, a call throws STORE_UNAVAILABLE; the
// connection comes back by itself. A call that timed out may still be carried out, then or later: its records then stand twice
// in the journal when it is made again, and the first ones count. One server, standalone or behind one address.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { AppError } from '../errors.ts'
import { HEADER_BYTES, newHeader } from './journal-codec.ts'
import type { AppendReply, AppendRequest, JournalPart, JournalStore, OnReply } from './journal-store.ts'
import { replyCode, storeError } from './redis-error.ts'
import {
  APPEND_FUNCTION,
  COALESCE_FUNCTION,
  loadLibrary,
  READ_FUNCTION,
  readLibraryCode,
} from './redis-library.ts'

export interface RedisStoreOptions {
  /** `redis://[user:password@]host:port[/db]`, or rediss for TLS. */
  readonly url: string
  readonly keyPrefix: string
  readonly commandTimeoutMs: number
  /** A journal without an append for this long expires. */
  readonly retentionMs: number
  /** A journal that is longer takes no more records, bytes. */
  readonly maxJournalBytes?: number
  /** The most to answer for one journal at once, bytes; a longer one is read in parts. */
  readonly maxAnswerBytes?: number
  readonly logger?: StoreLogger
  /** Told the wall time of every call. */
  readonly metrics?: { observeStoreRoundTrip(seconds: number): void }
}

type LogCall = (fields: Readonly<Record<string, unknown>>, message: string) => void
interface StoreLogger {
  readonly info: LogCall
  readonly warn: LogCall
}

/** Bytes before the records of each journal in the packed argument: known header, known length, length of the records. */
const REQUEST_HEAD_BYTES = HEADER_BYTES + 8
const NOTHING: AppendReply = { kind: 'foreign', bytes: new Uint8Array(0) }
/** By the number that journal.lua says. */
const REPLY_KINDS = ['foreign', 'whole', 'long', 'full'] as const
const MAX_JOURNAL_BYTES = 134_217_728
const MAX_ANSWER_BYTES = 262_144

/** Does not connect yet: the first call does. */
export function createRedisStore(options: RedisStoreOptions): JournalStore {
  const { keyPrefix, commandTimeoutMs, logger } = options
  const retentionMs = String(options.retentionMs)
  const maxAnswerBytes = String(options.maxAnswerBytes ?? MAX_ANSWER_BYTES)
  const maxJournalBytes = String(options.maxJournalBytes ?? MAX_JOURNAL_BYTES)
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

  async function open(): Promise<void> {
    if (redis.status === 'wait') await redis.connect().catch(failToConnect)
    else if (redis.status === 'connecting' || redis.status === 'connect') await connected()
    else if (redis.status !== 'ready') failToConnect(new Error(`the connection is in state ${redis.status}`))
    library ??= checkLibrary()
    await library
  }

  async function checkLibrary(): Promise<void> {
    try {
      if (!(await loadLibrary(redis, code))) return
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

  async function call(args: (string | Buffer)[]): Promise<unknown> {
    try {
      return await redis.callBuffer('FCALL', args)
    } catch (error) {
      // A function that does not exist has no error code of its own. Somebody may have emptied Redis while it ran.
      if (replyCode(error) !== 'ERR' || !(await loadLibrary(redis, code))) throw error
      logger?.warn(
        { redis: address },
        'The velocity function library was gone from Redis and was loaded again',
      )
      return await redis.callBuffer('FCALL', args)
    }
  }

  /** Runs one exchange with Redis; whatever it throws leaves as an AppError. */
  async function exchange<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      return await work()
    } catch (error) {
      throw storeError(error, address)
    } finally {
      options.metrics?.observeStoreRoundTrip((performance.now() - startedAt) / 1_000)
    }
  }

  return {
    kind: 'redis',
    generation: () => generation,
    append(requests, onReply) {
      const startedIn = generation
      return exchange(async () => {
        await open()
        if (startedIn !== generation) {
          throw new AppError('STORE_UNAVAILABLE', `${address}: the connection changed`)
        }
        const keys = requests.map(({ key }) => keyPrefix + key)
        const header = Buffer.from(newHeader(randomBytes(8)))
        const reply = await call([
          APPEND_FUNCTION,
          String(keys.length),
          ...keys,
          retentionMs,
          header,
          packRequests(requests),
          maxAnswerBytes,
          maxJournalBytes,
        ])
        handOver(reply, requests.length, onReply)
      })
    },
    readPart(key, from, most) {
      return exchange(async () => {
        await open()
        const reply = await call([READ_FUNCTION, '1', keyPrefix + key, String(from), String(from + most - 1)])
        return partOf(reply)
      })
    },
    coalesce(key, header, prefixLength, replacement) {
      return exchange(async () => {
        await open()
        const args = [Buffer.from(header), String(prefixLength), Buffer.from(replacement)]
        return (await call([COALESCE_FUNCTION, '1', keyPrefix + key, ...args])) === 1
      })
    },
    ping() {
      return exchange(async () => {
        await open()
        await redis.ping()
      })
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

function hasSocket(status: Redis['status']): boolean {
  return status === 'connecting' || status === 'connect' || status === 'ready'
}

function packRequests(requests: readonly AppendRequest[]): Buffer {
  let length = 0
  for (const { records } of requests) length += REQUEST_HEAD_BYTES + records.length
  const packed = Buffer.alloc(length)
  let at = 0
  for (const { knownHeader, knownLength, records } of requests) {
    if (knownHeader !== null) packed.write(knownHeader, at, 'latin1')
    packed.writeUInt32LE(knownLength, at + HEADER_BYTES)
    packed.writeUInt32LE(records.length, at + HEADER_BYTES + 4)
    packed.set(records, at + REQUEST_HEAD_BYTES)
    at += REQUEST_HEAD_BYTES + records.length
  }
  return packed
}

/** Triples of index (from 1), what and bytes, for journals that have something to say; see journal.lua. */
function handOver(reply: unknown, count: number, onReply: OnReply): void {
  if (!Array.isArray(reply)) throw new Error('the append function answered with something else than a list')
  let next = 0
  for (let i = 0; i < reply.length; i += 3) {
    const index = Number(reply[i]) - 1
    const kind = REPLY_KINDS[Number(reply[i + 1])]
    const bytes: unknown = reply[i + 2]
    if (!(index >= next && index < count) || kind === undefined || !(bytes instanceof Uint8Array)) {
      throw new Error('the append function answered in another form')
    }
    while (next < index) onReply(NOTHING, next++)
    onReply({ kind, bytes }, next++)
  }
  while (next < count) onReply(NOTHING, next++)
}

function partOf(reply: unknown): JournalPart | null {
  const [header, length, bytes]: unknown[] = Array.isArray(reply) ? reply : []
  if (!(header instanceof Uint8Array) || !(bytes instanceof Uint8Array)) {
    throw new Error('the read function answered in another form')
  }
  return header.length < HEADER_BYTES ? null : { header, length: Number(length), bytes }
}
