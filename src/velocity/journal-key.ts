// The one home of the names of Redis keys. They are stored: test/unit/velocity/journal-key.test.ts is golden.
import type { EntityRef } from './entity.ts'

/** `{<shard>}:<type>:<pseudonym>`, before the prefix of an edition. The braces make Redis Cluster keep a shard's keys together. */
export function journalKey(entity: EntityRef): string {
  return `{${entity.shard}}:${entity.type}:${entity.pseudonym}`
}

/** `<redis.keyPrefix><edition>:`, before the keys of all journals of an edition (edition.ts). */
export function editionPrefix(keyPrefix: string, edition: number): string {
  return `${keyPrefix}${edition}:`
}

/** Where it stands which edition is in force: `<redis.keyPrefix>edition`, on a cluster one a shard, `<redis.keyPrefix>{17}:edition`. */
export function markerKey(keyPrefix: string, part: string): string {
  return part === '' ? `${keyPrefix}edition` : `${keyPrefix}${part}:edition`
}

/** Hash tags of all logical shards. */
export function shardTags(): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => `{${shard}}`)
}

/** As many as six bits of a pseudonym tell apart. */
const SHARDS = 64

/** The edition of a journal's whole key; null when it is no journal's. */
export function editionOfKey(keyPrefix: string, key: string): number | null {
  if (!key.startsWith(keyPrefix)) return null
  const found = /^(\d+):\{\d+\}:/.exec(key.slice(keyPrefix.length))?.[1]
  return found === undefined ? null : Number(found)
}
