// Folded journals by entity, bounded in bytes. What was not used for longest goes first, about: by the clock algorithm (Corbató, 1968),
// a hand goes round and drops what was not used since it last came by. A list in the order of use would touch two other
// journals at every use, which are in no cache of the processor.
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
  /** Makes this the entity's journal, at its present size, notes that it was used, and drops what has no room. */
  put(pseudonym: string, journal: Journal): void
  figures(): JournalCacheFigures
}

/** Of the limit, this part is for gaps between the blocks of the arena. */
const GAPS_SHARE = 1 / 8

export function createJournalCache(limitBytes: number): JournalCache {
  const arena = createArena()
  const journalsLimit = limitBytes * (1 - GAPS_SHARE)
  const journals = new Map<string, Journal>()
  // Goes through the map in the order of insertion, also when something is added or taken out meanwhile.
  let hand = journals.entries()
  let bytes = 0
  let evictions = 0

  function makeRoom(): void {
    while (bytes > journalsLimit) {
      const { value: entry, done } = hand.next()
      if (done === true) {
        hand = journals.entries()
        continue
      }
      const [pseudonym, journal] = entry
      if (journal.wasUsed) {
        journal.wasUsed = false
        continue
      }
      journals.delete(pseudonym)
      evictions++
      leave(journal)
    }
  }

  function leave(journal: Journal): void {
    bytes -= journal.cachedBytes
    journal.cachedBytes = 0
    journal.isCached = false
    releaseIfUnused(journal)
  }

  function enter(pseudonym: string, journal: Journal): void {
    const before = journals.get(pseudonym)
    if (before !== undefined) leave(before)
    journals.set(pseudonym, journal)
    journal.isCached = true
  }

  return {
    arena,
    get: (pseudonym) => journals.get(pseudonym) ?? null,
    retain(journal) {
      journal.users++
    },
    release(journal) {
      journal.users--
      releaseIfUnused(journal)
    },
    discard: releaseIfUnused,
    put(pseudonym, journal) {
      if (!journal.isCached) enter(pseudonym, journal)
      const size = journalBytes(journal)
      bytes += size - journal.cachedBytes
      journal.cachedBytes = size
      journal.wasUsed = true
      makeRoom()
    },
    figures: () => ({ bytes, limitBytes, entries: journals.size, evictions }),
  }
}
