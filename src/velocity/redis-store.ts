// Journals in Redis: one function call a batch on one server, one a logical shard on a cluster, all of them at once.
//
// Guarantees: fails fast, never queues. Without a connection, or after `commandTimeoutMs`, a call throws STORE_UNAVAILABLE; the
// connection comes back by itself. A call that timed out may still be carried out, then or later: its records then stand twice
// in the journal when it is made again, and the first ones count.
import { randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'
import { HEADER_BYTES, newHeader } from './journal-codec.ts'
import type { AppendReply, AppendRequest, JournalPart, JournalStore, OnReply } from './journal-store.ts'
import { connectCluster } from './redis-cluster.ts'
import type { RedisConnectionOptions } from './redis-connection.ts'
import { replyCode, storeError } from './redis-error.ts'
import { APPEND_FUNCTION, COALESCE_FUNCTION, READ_FUNCTION } from './redis-library.ts'
import { connectStandalone } from './redis-standalone.ts'

export interface RedisStoreOptions extends RedisConnectionOptions {
  /** A journal without an append for this long expires. */
  readonly retentionMs: number
  /** A journal that is longer takes no more records, bytes. */
  readonly maxJournalBytes?: number
  /** The most to answer for one journal at once, bytes; a longer one is read in parts. */
  readonly maxAnswerBytes?: number
  /** Told the wall time of every call. */
  readonly metrics?: { observeStoreRoundTrip(seconds: number): void }
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
  const { keyPrefix } = options
  const retentionMs = String(options.retentionMs)
  const maxAnswerBytes = String(options.maxAnswerBytes ?? MAX_ANSWER_BYTES)
  const maxJournalBytes = String(options.maxJournalBytes ?? MAX_JOURNAL_BYTES)
  const connection = options.cluster === true ? connectCluster(options) : connectStandalone(options)
  const { address } = connection

  /** Runs one exchange with Redis; whatever it throws leaves as an AppError. */
  async function exchange<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      await connection.open()
      return await work()
    } catch (error) {
      throw storeError(error, address)
    } finally {
      options.metrics?.observeStoreRoundTrip((performance.now() - startedAt) / 1_000)
    }
  }

  /** As `exchange`; throws STORE_UNAVAILABLE too when another server may have answered for one of the parts at its end than before. */
  function exchangeWith<T>(parts: readonly string[], work: () => Promise<T>): Promise<T> {
    const startedIn = connection.generation()
    const requireSame = (): void => {
      connection.noteOwners(parts)
      if (startedIn === connection.generation()) return
      throw new AppError('STORE_UNAVAILABLE', `${address}: the connection changed`)
    }
    return exchange(async () => {
      requireSame()
      const result = await work()
      requireSame()
      return result
    })
  }

  /** Calls a function about one journal. */
  function callAbout(key: string, name: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    const part = connection.partOf(key)
    return exchangeWith([part], () => connection.callFunction(part, [name, '1', keyPrefix + key, ...args]))
  }

  /** Fills `replies` at the indices of one part, all of whose keys may stand in one call. */
  async function appendPart(
    part: string,
    requests: readonly AppendRequest[],
    indices: readonly number[],
    replies: AppendReply[],
  ): Promise<void> {
    const own = indices.flatMap((index) => requests[index] ?? [])
    const keys = own.map(({ key }) => keyPrefix + key)
    const args = [
      APPEND_FUNCTION,
      String(keys.length),
      ...keys,
      retentionMs,
      Buffer.from(newHeader(randomBytes(8))),
      packRequests(own),
      maxAnswerBytes,
      maxJournalBytes,
    ]
    let reply: unknown
    try {
      reply = await connection.callFunction(part, args)
    } catch (error) {
      // The slot is on its way to another node, and so are some of the keys: each alone can be served by one of the two.
      if (replyCode(error) !== 'TRYAGAIN' || indices.length === 1) throw error
      await Promise.all(indices.map((index) => appendPart(part, requests, [index], replies)))
      return
    }
    unpackReply(reply, indices, replies)
  }

  return {
    kind: 'redis',
    generation: connection.generation,
    async append(requests, onReply) {
      const parts = Map.groupBy(requests.keys(), (index) => connection.partOf(requests[index]?.key ?? ''))
      const replies = Array.from({ length: requests.length }, () => NOTHING)
      await exchangeWith([...parts.keys()], async () => {
        await Promise.all([...parts].map(([part, indices]) => appendPart(part, requests, indices, replies)))
      })
      handOver(replies, onReply)
    },
    async readPart(key, from, most) {
      return journalPart(await callAbout(key, READ_FUNCTION, [String(from), String(from + most - 1)]))
    },
    async coalesce(key, header, prefixLength, replacement) {
      const args = [Buffer.from(header), String(prefixLength), Buffer.from(replacement)]
      return (await callAbout(key, COALESCE_FUNCTION, args)) === 1
    },
    async expiresInMs(key) {
      const ms = await exchange(() => connection.expiresInMs(keyPrefix + key))
      return ms < 0 ? null : ms
    },
    ping: () => exchange(() => connection.ping()),
    close: connection.close,
  }
}

function handOver(replies: readonly AppendReply[], onReply: OnReply): void {
  for (const [index, reply] of replies.entries()) onReply(reply, index)
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
function unpackReply(reply: unknown, indices: readonly number[], replies: AppendReply[]): void {
  if (!Array.isArray(reply)) throw new Error('the append function answered with something else than a list')
  for (let i = 0; i < reply.length; i += 3) {
    const index = indices[Number(reply[i]) - 1]
    const kind = REPLY_KINDS[Number(reply[i + 1])]
    const bytes: unknown = reply[i + 2]
    if (index === undefined || kind === undefined || !(bytes instanceof Uint8Array)) {
      throw new Error('the append function answered in another form')
    }
    replies[index] = { kind, bytes }
  }
}

function journalPart(reply: unknown): JournalPart | null {
  const [header, length, bytes]: unknown[] = Array.isArray(reply) ? reply : []
  if (!(header instanceof Uint8Array) || !(bytes instanceof Uint8Array)) {
    throw new Error('the read function answered in another form')
  }
  return header.length < HEADER_BYTES ? null : { header, length: Number(length), bytes }
}
