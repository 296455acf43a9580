// Journals that are too long for one answer of the store: read in parts, once for all batches that want them.
import type { JournalGroup } from './append-plan.ts'
import { AppError } from '../errors.ts'
import { foldBytes } from './fold-bytes.ts'
import type { Journal } from './journal.ts'
import type { JournalCache } from './journal-cache.ts'
import { visitJournal } from './journal-reader.ts'
import type { JournalStore } from './journal-store.ts'

export interface LongReaderOptions {
  readonly store: JournalStore
  readonly cache: JournalCache
  /** An empty journal that begins as the bytes do. Throws STORE_INCOMPATIBLE. */
  readonly begin: (group: JournalGroup, bytes: Uint8Array) => Journal
}

/**
 * Resolves with the group's journal as it stands in the store by now, folded, cached and retained: the caller releases it. Throws
 * as the store does.
 */
export function createLongReader({ store, cache, begin }: LongReaderOptions) {
  /** By key. */
  const reading = new Map<string, Promise<Journal>>()

  async function start(group: JournalGroup): Promise<Journal> {
    let journal: Journal | null = null
    const found = await visitJournal(store, group.key, {
      begin(bytes) {
        if (journal !== null) cache.discard(journal)
        journal = begin(group, bytes)
        foldBytes(journal, 0, bytes)
      },
      more(bytes) {
        if (journal !== null) foldBytes(journal, journal.length, bytes)
      },
    })
    if (!found || journal === null) throw new AppError('STORE_UNAVAILABLE', `journal ${group.key} is gone`)
    const complete: Journal = journal
    // Until every batch that waits has taken it for its own, which is in this very turn.
    cache.retain(complete)
    setImmediate(() => cache.release(complete))
    return complete
  }

  return async (group: JournalGroup): Promise<Journal> => {
    const { key, entity } = group
    const started = reading.get(key) ?? start(group).finally(() => reading.delete(key))
    reading.set(key, started)
    const journal = await started
    cache.retain(journal)
    cache.put(entity.pseudonym, journal)
    return journal
  }
}
