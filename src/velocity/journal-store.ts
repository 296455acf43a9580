// The port to the journals: Redis, or memory. Both pass test/contract/journal-store.
// A journal is a byte string: a header, buckets, then records in the order in which they were appended (journal-codec.ts).

export interface AppendRequest {
  /** Key of the journal without prefix, e.g. `{17}:card:Xa3…` (journal-key.ts). */
  readonly key: string
  /** The 32 bytes of the header that the caller has cached, a character each; null when it knows nothing of the journal. */
  readonly knownHeader: string | null
  /** Bytes that the caller has cached, header included; 0 when it knows nothing. */
  readonly knownLength: number
  /** Holds the whole records to append, one after another from byte `from` up to `to`; none where these are equal (a pure read). */
  readonly records: DataView
  readonly from: number
  readonly to: number
}

export interface AppendReply {
  /**
   * `foreign`: the bytes between `knownLength` and the caller's own records, empty unless another writer came between.
   * `whole`: the journal is not the one the caller knew (new, expired, rewritten, or shorter than it knew): header and all
   * that stood before the caller's own records.
   * `long`: the records were appended; what stands before them is too much for one answer, so it must be read in parts.
   * `full`: the journal is too long to take more; nothing was appended.
   */
  readonly kind: 'foreign' | 'whole' | 'long' | 'full'
  /** Empty for `long` and `full`. Valid during the call that hands it over; afterwards the store may write there again. */
  readonly bytes: Uint8Array
}

/** Told the reply to `requests[index]`: in order, once each. What it throws, the append throws. */
export type OnReply = (reply: AppendReply, index: number) => void

export interface JournalPart {
  /** The journal's header when the part was read. */
  readonly header: Uint8Array
  /** Length of the whole journal, header included. */
  readonly length: number
  readonly bytes: Uint8Array
}

export interface JournalStore {
  readonly kind: 'redis' | 'memory'
  /**
   * Grows when the store may have lost appends that it had acknowledged: the server was perhaps restarted, or replaced by a
   * replica that lagged. A journal then may have gone on differently under the same header and to the same length, so what was
   * read in an earlier generation must be read again. A call that spans two servers throws STORE_UNAVAILABLE. It grows too when
   * another edition of the journals (edition.ts) takes the place of the one that was read.
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
  /** At most `most` bytes of a journal from byte `from` on; null when there is no journal. Throws as `append`. */
  readPart(key: string, from: number, most: number): Promise<JournalPart | null>
  /**
   * Replaces the first `prefixLength` bytes of a journal by `replacement`, which begins with a header of its own; what stands behind
   * them, also if it was appended meanwhile, stays. False, and nothing done, when the journal has another header than `header`, or
   * is shorter. Throws as `append`.
   */
  coalesce(key: string, header: Uint8Array, prefixLength: number, replacement: Uint8Array): Promise<boolean>
  /** Milliseconds until the journal expires if nothing more is appended; null when there is none. For people. */
  expiresInMs(key: string): Promise<number | null>
  /** Resolves when the store answers. Throws STORE_UNAVAILABLE or STORE_INCOMPATIBLE. */
  ping(): Promise<void>
  close(): Promise<void>
}
