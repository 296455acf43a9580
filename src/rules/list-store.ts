// The entries of all lists in memory. Looking up costs one keyed hash for identifiers and one map access.
// An entry takes about 70 bytes, a million of them 70 MB (`npm run bench -- lists`).
import { createHash } from 'node:crypto'
import type { Pseudonymiser } from '../velocity/pseudonym.ts'
import { isIdentifier, type ListKind, type Lists, NO_LISTS } from './lists.ts'

export interface ListStore extends Lists {
  /** Adds the item or changes its expiry. `expiresMs` is event time; Infinity for never. */
  put(list: string, holds: ListKind, item: string, expiresMs: number): void
  remove(list: string, holds: ListKind, item: string): void
  /** Entries, expired ones included. */
  size(): number
}

/** `itemOf` gives what a value in clear is kept as. */
export function createListStore(itemOf: (holds: ListKind, value: string) => string): ListStore {
  // A list has one kind; by kind, so that one whose declaration was changed answers for what it holds now.
  const lists = new Map<string, Map<ListKind, Map<string, number>>>()
  let digest = 0n
  let version: string | null = NO_LISTS
  let size = 0

  const itemsOf = (list: string, holds: ListKind): Map<string, number> => {
    const kinds = lists.get(list) ?? new Map<ListKind, Map<string, number>>()
    lists.set(list, kinds)
    const items = kinds.get(holds) ?? new Map<string, number>()
    kinds.set(holds, items)
    return items
  }
  const remove = (list: string, holds: ListKind, item: string): void => {
    const items = lists.get(list)?.get(holds)
    const expiresMs = items?.get(item)
    if (items === undefined || expiresMs === undefined) return
    items.delete(item)
    size--
    digest = BigInt.asUintN(128, digest - digestOf(list, holds, item, expiresMs))
    version = null
  }
  return {
    put(list, holds, item, expiresMs) {
      remove(list, holds, item)
      itemsOf(list, holds).set(item, expiresMs)
      size++
      digest = BigInt.asUintN(128, digest + digestOf(list, holds, item, expiresMs))
      version = null
    },
    remove,
    size: () => size,
    has(list, value, timeMs) {
      const kinds = lists.get(list)
      if (kinds === undefined) return false
      for (const [holds, items] of kinds) {
        if (items.size === 0) continue
        const expiresMs = items.get(itemOf(holds, value))
        if (expiresMs !== undefined && timeMs < expiresMs) return true
      }
      return false
    },
    get version() {
      // The sum of the entries' hashes depends on what is there, not on the order or the number of changes that led to it.
      version ??= size === 0 ? NO_LISTS : `lists:${digest.toString(16).padStart(32, '0')}`
      return version
    },
  }
}

/**
 * What a value is kept as: an identifier as its pseudonym without a tenant, a text in capitals, so that no spelling slips
 * through. The pseudonym is that of the entity in alerts, where payments name no tenant.
 */
export function listItems(pseudonymiser: Pick<Pseudonymiser, 'entity'>) {
  return (holds: ListKind, value: string): string =>
    isIdentifier(holds) ? pseudonymiser.entity(holds, value, '').pseudonym : value.trim().toUpperCase()
}

/** 128 bits of SHA-256 over the entry as a number. */
function digestOf(list: string, holds: ListKind, item: string, expiresMs: number): bigint {
  const hash = createHash('sha256').update(`${list}\0${holds}\0${item}\0${expiresMs}`).digest()
  return (hash.readBigUInt64LE(0) << 64n) | hash.readBigUInt64LE(8)
}
