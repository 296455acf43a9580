// The one home of journal key names. Stored in Redis: test/unit/velocity/journal-key.test.ts is golden.
import type { EntityRef } from './entity.ts'

/** `{<shard>}:<type>:<pseudonym>`, before redis.keyPrefix. The braces make Redis Cluster keep a shard's keys together. */
export function journalKey(entity: EntityRef): string {
  return `{${entity.shard}}:${entity.type}:${entity.pseudonym}`
}
