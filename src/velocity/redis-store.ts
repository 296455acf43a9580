// Journals in Redis: one function call a batch on one server, one a logical shard on a cluster, all of them at once.
//
// Guarantees: fails fast, never queues. Without a connection, or after `commandTimeoutMs`, a call throws STORE_UNAVAILABLE; the
// connection comes back by itself. A call that timed out may still be carried out, then or later: its records then stand twice
// in the journal when it is made again, and the first ones count.
import { randomBytes } from 'node:crypto'
import { AppError } from '../errors.ts'
import { HEADER_BYTES, newHeader, viewOf } from './journal-codec.ts'
import { editionPrefix, markerKey } from './journal-key.ts'
import type { AppendReply, AppendRequest, JournalPart, JournalStore } from './journal-store.ts'
import { connectCluster } from './redis-cluster.ts'
import type { RedisConnection, RedisConnectionOptions } from './redis-connection.ts'
import { type Editions, type EditionsView, followEditions } from './redis-editions.ts'
import { replyCode } from './redis-error.ts'
import { createExchange } from './redis-exchange.ts'
import { APPEND_FUNCTION, COALESCE_FUNCTION, READ_FUNCTION } from './redis-library.ts'
import { createMarkers, type Markers } from './redis-markers.ts'
import { connectStandalone } from './redis-standalone.ts'

export interface JournalLimits {
  /** A journal without an append for this long expires. */
  readonly retentionMs: number
  /** A journal that is longer takes no more records, bytes. */
  readonly maxJournalBytes?: number
  /** The most to answer for one journal at once, bytes; a longer one is read in parts. */
  readonly maxAnswerBytes?: number
}

export interface RedisStoreOptions extends RedisConnectionOptions, JournalLimits {
  /** Told the wall time of every call. */
  readonly metrics?: { observeStoreRoundTrip(seconds: number): void }
  /** See `FollowOptions`; nothing was there before if absent. */
  readonly hadJournals?: () => Promise<boolean>
  readonly onEditions?: (view: EditionsView) => void
}

/** Bytes before the records of each journal in the packed argument: known header, known length, length of the records. */
const REQUEST_HEAD_BYTES = HEADER_BYTES + 8
const NOTHING: AppendReply = { kind: 'foreign', bytes: new Uint8Array(0) }
/** By the number that journal.lua says. */
const REPLY_KINDS = ['foreign', 'whole', 'long', 'full'] as const
const MAX_JOURNAL_BYTES = 134_217_728
const MAX_ANSWER_BYTES = 262_144
/** A switch comes once in many days; more of them within one call are a defect. */
const MOST_MOVES = 5

export interface RedisStore extends JournalStore {
  /** The journal's name in Redis, with all that stands before it. */
  wholeKey(key: string): Promise<string>
}

/** Does not connect yet: the first call does. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const connection = connectTo(options)
  const markers = createMarkers(connection, options.keyPrefix)
  const editions = followEditions(markers, {
    hadJournals: options.hadJournals ?? (async () => false),
    onChange: options.onEditions ?? (() => undefined),
  })
  const onRoundTrip = (seconds: number): void => options.metrics?.observeStoreRoundTrip(seconds)
  return storeOn({ ...options, connection, markers, editions, onRoundTrip })
}

/** Does not connect yet. */
export function connectTo(options: RedisConnectionOptions): RedisConnection {
  return options.cluster === true ? connectCluster(options) : connectStandalone(options)
}

export interface StoreParts extends JournalLimits {
  readonly connection: RedisConnection
  readonly keyPrefix: string
  readonly markers: Markers
  readonly editions: Editions
  readonly onRoundTrip?: (seconds: number) => void
}

/** Where an append goes: `prefix` before each key, and before those of the next edition, which get the same. */
interface Target {
  readonly prefix: string
  readonly twinPrefix: string | null
  /** What the marker must say. */
  readonly believed: string
}

interface Part {
  readonly own: AppendRequest[]
  readonly indices: number[]
}

/** The journals on a connection, in the edition that `editions` believes in. */
export function storeOn(parts: StoreParts): RedisStore {
  const { connection, keyPrefix, editions, markers } = parts
  const retentionMs = String(parts.retentionMs)
  const maxAnswerBytes = String(parts.maxAnswerBytes ?? MAX_ANSWER_BYTES)
  const maxJournalBytes = String(parts.maxJournalBytes ?? MAX_JOURNAL_BYTES)
  const exchange = createExchange(connection, parts.onRoundTrip)

  async function nameOf(key: string): Promise<string> {
    return editionPrefix(keyPrefix, await editions.toRead(connection.partOf(key))) + key
  }

  /** Calls a function about one journal. */
  function callAbout(key: string, name: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    const part = connection.partOf(key)
    return exchange.runWith([part], async () =>
      connection.callFunction(part, [name, '1', await nameOf(key), ...args]),
    )
  }

  function callAppend(part: string, requests: readonly AppendRequest[], target: Target): Promise<unknown> {
    const { prefix, twinPrefix, believed } = target
    const keys = believed === '' ? [] : [markerKey(keyPrefix, part)]
    for (const { key } of requests) keys.push(prefix + key)
    if (twinPrefix !== null) for (const { key } of requests) keys.push(twinPrefix + key)
    return connection.callFunction(part, [
      APPEND_FUNCTION,
      String(keys.length),
      ...keys,
      retentionMs,
      // One for each edition: under the same header two journals would be held for one.
      Buffer.concat([newHeader(randomBytes(8)), newHeader(randomBytes(8))]),
      packRequests(requests),
      maxAnswerBytes,
      maxJournalBytes,
      String(requests.length),
      believed,
    ])
  }

  async function targetOf(part: string): Promise<Target> {
    const known = editions.believed(part)
    if (known === null) {
      await editions.learn(part, await markers.read(part))
      return await targetOf(part)
    }
    const { current, next } = known.edition
    const twinPrefix = next?.isJoined === true ? editionPrefix(keyPrefix, next.edition) : null
    return { prefix: editionPrefix(keyPrefix, current), twinPrefix, believed: known.text }
  }

  /** The reply to the requests of one part, all of whose keys may stand in one call; `index` is from 1. */
  async function appendPart(part: string, requests: readonly AppendRequest[]): Promise<unknown> {
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const target = await targetOf(part)
      const reply = await callAppend(part, requests, target).catch((error: unknown) => {
        if (replyCode(error) !== 'TRYAGAIN') throw error
        return appendOneByOne(part, requests, target)
      })
      if (!(reply instanceof Uint8Array)) return reply
      await editions.learn(part, Buffer.from(reply).toString())
    }
    throw new AppError(
      'STORE_UNAVAILABLE',
      `${connection.address}: the edition of the journals keeps changing`,
    )
  }

  /**
   * The slot is on its way to another node, and so are some of the keys: each key alone can be served by one of the two. The marker
   * is looked at afterwards: if it says what it said before, it did so all the time.
   */
  async function appendOneByOne(
    part: string,
    requests: readonly AppendRequest[],
    target: Target,
  ): Promise<unknown> {
    const { twinPrefix, believed } = target
    const alone = (request: AppendRequest, prefix: string): Promise<unknown> =>
      callAppend(part, [request], { prefix, twinPrefix: null, believed: '' })
    const replies = await Promise.all(requests.map((request) => alone(request, target.prefix)))
    if (twinPrefix !== null) await Promise.all(requests.map((request) => alone(request, twinPrefix)))
    const said = await markers.read(part)
    if (said !== believed) return Buffer.from(said)
    return replies.flatMap((reply, i) =>
      Array.isArray(reply) && reply.length > 0 ? [i + 1, ...reply.slice(1)] : [],
    )
  }

  /** The requests of each part, and which of all they are. */
  function byPart(requests: readonly AppendRequest[]): Map<string, Part> {
    const parts = new Map<string, Part>()
    for (let index = 0; index < requests.length; index++) {
      const request = requests[index]
      if (request === undefined) continue
      const name = connection.partOf(request.key)
      let part = parts.get(name)
      if (part === undefined) {
        part = { own: [], indices: [] }
        parts.set(name, part)
      }
      part.own.push(request)
      part.indices.push(index)
    }
    return parts
  }

  return {
    kind: 'redis',
    generation: () => connection.generation() + editions.switches(),
    async append(requests, onReply) {
      const parts = byPart(requests)
      const replies = requests.map((): AppendReply => NOTHING)
      await exchange.runWith([...parts.keys()], async () => {
        await Promise.all(
          [...parts].map(async ([part, { own, indices }]) => {
            unpackReply(await appendPart(part, own), indices, replies)
          }),
        )
      })
      for (let index = 0; index < replies.length; index++) onReply(replies[index] ?? NOTHING, index)
    },
    async readPart(key, from, most) {
      return journalPart(await callAbout(key, READ_FUNCTION, [String(from), String(from + most - 1)]))
    },
    async coalesce(key, header, prefixLength, replacement) {
      const args = [Buffer.from(header), String(prefixLength), Buffer.from(replacement)]
      return (await callAbout(key, COALESCE_FUNCTION, args)) === 1
    },
    async expiresInMs(key) {
      const ms = await exchange.run(async () => connection.expiresInMs(await nameOf(key)))
      return ms < 0 ? null : ms
    },
    wholeKey: (key) => exchange.run(() => nameOf(key)),
    ping: () =>
      exchange.run(async () => {
        await connection.ping()
        await editions.look()
      }),
    close: connection.close,
  }
}

function packRequests(requests: readonly AppendRequest[]): Buffer {
  let length = 0
  for (const { from, to } of requests) length += REQUEST_HEAD_BYTES + to - from
  const packed = Buffer.alloc(length)
  const view = viewOf(packed)
  let at = 0
  for (const { knownHeader, knownLength, records, from, to } of requests) {
    if (knownHeader !== null) packed.write(knownHeader, at, 'latin1')
    view.setUint32(at + HEADER_BYTES, knownLength, true)
    view.setUint32(at + HEADER_BYTES + 4, to - from, true)
    at += REQUEST_HEAD_BYTES
    // Word by word: for one record that is cheaper than a call that copies bytes.
    for (let word = from; word < to; word += 4, at += 4)
      view.setUint32(at, records.getUint32(word, true), true)
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
