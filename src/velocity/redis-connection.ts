// What the journal store needs of Redis, whether that is one server or a cluster.
import type { Redis } from 'ioredis'

export interface RedisConnectionOptions {
  /** `redis://[user:password@]host:port[/db]`, or rediss for TLS; of a cluster some of its nodes, with commas between. */
  readonly url: string
  /** False if absent. */
  readonly cluster?: boolean
  /** Replicas that must have what was written before a call is answered; 0 if absent. */
  readonly waitReplicas?: number
  readonly keyPrefix: string
  readonly commandTimeoutMs: number
  readonly logger?: StoreLogger
}

type LogCall = (fields: Readonly<Record<string, unknown>>, message: string) => void
export interface StoreLogger {
  readonly info: LogCall
  readonly warn: LogCall
}

/** Fails fast, never queues; comes back by itself. What its methods throw is for `storeError`. */
export interface RedisConnection {
  /** For messages; without user and password. */
  readonly address: string
  /** See JournalStore. */
  generation(): number
  /** Resolves when the server can be called, or throws why not. */
  open(): Promise<void>
  /** Keys with the same part may stand in one call. */
  partOf(key: string): string
  /** All that `partOf` can answer for a journal. */
  readonly parts: readonly string[]
  /** Connections to every server that holds keys of its own. */
  masters(): readonly Redis[]
  /** Notes which server answers for each of the parts now. The generation grows when another one did before. */
  noteOwners(parts: Iterable<string>): void
  /**
   * Calls a function of the velocity library, which is loaded where it is missing, and waits until `redis.waitReplicas`
   * replicas have what it wrote. All keys in `args` are of this part.
   */
  callFunction(part: string, args: readonly (string | Buffer)[]): Promise<unknown>
  /** Milliseconds until the key expires; below 0 when there is none. */
  expiresInMs(key: string): Promise<number>
  ping(): Promise<void>
  close(): Promise<void>
}
