// The port to the journals: Redis, or memory. Both pass test/contract/journal-store.
// A journal is an append-only byte string: a 16-byte header, then 48-byte records (journal-codec.ts).

export interface AppendRequest {
  /** Key of the journal without prefix, e.g. `{17}:card:Xa3…` (journal-key.ts). */
  readonly key: string
  /** Header that the caller has cached; null when it knows nothing of the journal. */
  readonly knownHeader: Uint8Array | null
  /** Bytes that the caller has cached, header included; 0 when it knows nothing. */
  readonly knownLength: number
  /** Whole records to append, one after another; may be empty (a pure read). */
  readonly records: Uint8Array
}

export interface AppendReply {
  /**
   * `foreign`: the bytes between `knownLength` and the caller's own records, empty unless another writer came between.
   * `whole`: the journal is not the one the caller knew (new, expired, rewritten, or shorter than it knew): header and all
   * records before the caller's own.
   */
  readonly kind: 'foreign' | 'whole'
  /** Valid during the call that hands it over; afterwards the store may write there again. */
  readonly bytes: Uint8Array
}

/** Told the reply to `requests[index]`: in order, once each. What it throws, the append throws. */
export type OnReply = (reply: AppendReply, index: number) => void

export interface JournalStore {
  readonly kind: 'redis' | 'memory'
  /**
   * Grows when the store may have lost appends that it had acknowledged: the server was perhaps restarted, or replaced by a
   * replica that lagged. A journal then may have gone on differently under the same header and to the same length, so what was
   * read in an earlier generation must be read again. A call that spans two generations throws STORE_UNAVAILABLE.
   */
  generation(): number
  /**
   * Appends to every journal and tells what stood between, one reply a request, in one round trip.
   * Creates journals that do not exist and refreshes their expiry. Keys within one call are distinct.
   * Atomic for each call: no other writer comes between one journal's append and its read.
   * Throws STORE_UNAVAILABLE, after which the records may stand in none, some or all of the journals, or come to stand there
   * later: the same call can simply be made again, because a second record with an id does not count.
   * Throws STORE_INCOMPATIBLE when a key holds something else than a journal.
   */
  append(requests: readonly AppendRequest[], onReply: OnReply): Promise<void>
  /** A journal as it stands, header included; null when there is none. For people and checks, not for the data path. */
  read(key: string): Promise<Uint8Array | null>
  /** Milliseconds until the journal expires if nothing more is appended; null when there is none. For people. */
  expiresInMs(key: string): Promise<number | null>
  /** Resolves when the store answers. Throws STORE_UNAVAILABLE or STORE_INCOMPATIBLE. */
  ping(): Promise<void>
  close(): Promise<void>
}
