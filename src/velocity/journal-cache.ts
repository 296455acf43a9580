// Folded journals by entity, least recently used first to go, bounded in bytes.
// Only memory hangs on it: a journal that was dropped is read from the store again and gives the same numbers.
import { type Arena, createArena } from './arena.ts'
import { type Journal, journalBytes, releaseIfUnused } from './journal.ts'

export interface JournalCacheFigures {
  readonly bytes: number
  readonly limitBytes: number
  readonly entries: number
  /** Since the cache was made. */
  readonly evictions: number
}

export interface JournalCache {
  /** Where the cache's journals take their memory from. */
  readonly arena: Arena
  /** The journal, or null. Does not count as a use: the `put` that follows does. */
  get(pseudonym: string): Journal | null
  /** Keeps the journal's memory until `release`, whether it stays in the cache or not. */
  retain(journal: Journal): void
  release(journal: Journal): void
  /** Gives the memory back of a journal that never came into the cache. */
  discard(journal: Journal): void
  /** Makes this the entity's journal and the last one used, at its present size, and drops what has no room. */
  put(pseudonym: string, journal: Journal): void
  figures(): JournalCacheFigures
}

interface Entry {
  readonly pseudonym: string
  journal: Journal
  bytes: number
  older: Entry | null
  newer: Entry | null
}

/** Of the limit, this part is for gaps between the blocks of the arena. */
const GAPS_SHARE = 1 / 8

export function createJournalCache(limitBytes: number): JournalCache {
  const arena = createArena()
  const journalsLimit = limitBytes * (1 - GAPS_SHARE)
  const entries = new Map<string, Entry>()
  let oldest: Entry | null = null
  let newest: Entry | null = null
  let bytes = 0
  let evictions = 0

  function unlink(entry: Entry): void {
    if (entry.older === null) oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === null) newest = entry.older
    else entry.newer.older = entry.older
    // A dropped entry that the collector took for old would keep the next one alive, and so every one dropped after it:
    // measured, 160 MB of dead journals.
    entry.older = null
    entry.newer = null
  }

  function linkAsNewest(entry: Entry): void {
    entry.older = newest
    if (newest === null) oldest = entry
    else newest.newer = entry
    newest = entry
  }

  function evictOldest(): void {
    if (oldest === null) return
    const entry: Entry = oldest
    unlink(entry)
    entries.delete(entry.pseudonym)
    bytes -= entry.bytes
    evictions++
    leave(entry.journal)
  }

  function leave(journal: Journal): void {
    journal.isCached = false
    releaseIfUnused(journal)
  }

  return {
    arena,
    get: (pseudonym) => entries.get(pseudonym)?.journal ?? null,
    retain(journal) {
      journal.users++
    },
    release(journal) {
      journal.users--
      releaseIfUnused(journal)
    },
    discard: releaseIfUnused,
    put(pseudonym, journal) {
      journal.isCached = true
      const size = journalBytes(journal)
      let entry = entries.get(pseudonym)
      if (entry === undefined) {
        entry = { pseudonym, journal, bytes: 0, older: null, newer: null }
        entries.set(pseudonym, entry)
      } else {
        unlink(entry)
      }
      linkAsNewest(entry)
      bytes += size - entry.bytes
      if (entry.journal !== journal) leave(entry.journal)
      entry.journal = journal
      entry.bytes = size
      while (bytes > journalsLimit) evictOldest()
    },
    figures: () => ({ bytes, limitBytes, entries: entries.size, evictions }),
  }
}
