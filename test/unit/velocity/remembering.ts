// A store that also keeps every record that was ever appended: what an oracle needs once journals are coalesced.
import type { JournalStore } from '../../../src/velocity/journal-store.ts'
import { type RawRecord, recordsIn } from './oracle.ts'
import { sentIn } from './records.ts'

/** `shadow` gets the records of each journal, in order; calls must not overlap. */
export function remembering(store: JournalStore, shadow: Map<string, RawRecord[]>): JournalStore {
  return {
    ...store,
    async append(requests, onReply) {
      const sent = requests.map((request) => ({ key: request.key, records: sentIn(request) }))
      await store.append(requests, onReply)
      for (const { key, records } of sent) {
        shadow.set(key, [...(shadow.get(key) ?? []), ...recordsIn(records)])
      }
    },
  }
}
