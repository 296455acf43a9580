// What all journal stores promise, each against the real thing.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  HEADER_BYTES,
  headerText,
  newHeader,
  RECORD_BYTES,
  writeHeader,
} from '../../src/velocity/journal-codec.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import type { AppendRequest, JournalStore } from '../../src/velocity/journal-store.ts'
import { createMemoryStore } from '../../src/velocity/memory-store.ts'
import { createRedisStore, type RedisStoreOptions } from '../../src/velocity/redis-store.ts'
import { startRedis } from '../support/redis.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'
import { appendOf, recordsOf } from '../unit/velocity/records.ts'

interface StoreUnderTest {
  /** Another client of the same journals; limits where the store has them. */
  open(limits?: Pick<RedisStoreOptions, 'maxAnswerBytes' | 'maxJournalBytes'>): JournalStore
  close(): Promise<void>
}

const RETENTION_MS = 60_000

function onRedis(server: { readonly url: string; stop(): Promise<void> }, cluster: boolean): StoreUnderTest {
  const keyPrefix = `test-${randomBytes(4).toString('hex')}:`
  const opened: JournalStore[] = []
  return {
    open(limits = {}) {
      const store = createRedisStore({
        ...limits,
        url: server.url,
        cluster,
        keyPrefix,
        commandTimeoutMs: 5_000,
        retentionMs: RETENTION_MS,
      })
      opened.push(store)
      return store
    },
    async close() {
      await Promise.all(opened.map((store) => store.close()))
      await server.stop()
    },
  }
}

const storesUnderTest: Readonly<Record<string, () => Promise<StoreUnderTest>>> = {
  redis: async () => onRedis(await startRedis(), false),
  'redis cluster': async () => onRedis(await startRedisCluster(), true),
  async memory() {
    const store = createMemoryStore({ retentionMs: RETENTION_MS, now: () => 0 })
    return { open: () => store, close: () => store.close() }
  },
}

interface Reply {
  readonly kind: string
  readonly bytes: string
}

const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('hex')

async function append(store: JournalStore, requests: readonly AppendRequest[]): Promise<Reply[]> {
  const replies: Reply[] = []
  await store.append(requests, ({ kind, bytes }, index) => {
    expect(index).toBe(replies.length)
    replies.push({ kind, bytes: hex(bytes) })
  })
  return replies
}

describe.each(Object.keys(storesUnderTest))('the journal store: %s', (name) => {
  let under: StoreUnderTest
  let store: JournalStore
  let keys = 0
  const newKey = (): string => `{7}:card:${name}-${keys++}`

  /** A journal with these records, and what a client that wrote it knows of it. */
  async function journalWith(records: Uint8Array) {
    const key = newKey()
    await append(store, [appendOf(key, records)])
    const content = await readJournal(store, key)
    if (content === null) throw new Error('the journal is not there')
    return { key, content, known: { knownHeader: headerText(content), knownLength: content.length } }
  }

  beforeAll(async () => {
    const make = storesUnderTest[name]
    if (make === undefined) throw new Error(name)
    under = await make()
    store = under.open()
    await store.ping()
  })
  afterAll(() => under.close())

  it('creates a journal with a header and hands it over whole, without the records of the call', async () => {
    const key = newKey()
    const records = recordsOf(1, 2)
    const [reply] = await append(store, [appendOf(key, records)])
    const content = await readJournal(store, key)
    expect(reply?.kind).toBe('whole')
    expect(hex(content)).toBe(reply?.bytes + hex(records))
    expect(reply?.bytes).toHaveLength(2 * HEADER_BYTES)
  })

  it('says that nothing stands between when the caller knows all', async () => {
    const { key, content, known } = await journalWith(recordsOf(1))
    expect(await append(store, [appendOf(key, recordsOf(2), known)])).toEqual([
      { kind: 'foreign', bytes: '' },
    ])
    expect(hex(await readJournal(store, key))).toBe(hex(content) + hex(recordsOf(2)))
  })

  it("hands over another writer's records, in their order, and none of the caller's own", async () => {
    const { key, content, known } = await journalWith(recordsOf(1))
    const other = under.open()
    await append(other, [appendOf(key, recordsOf(2, 3))])
    const [reply] = await append(store, [appendOf(key, recordsOf(4), known)])
    expect(reply).toEqual({ kind: 'foreign', bytes: hex(recordsOf(2, 3)) })
    expect(hex(await readJournal(store, key))).toBe(hex(content) + hex(recordsOf(2, 3, 4)))
  })

  it('hands the whole journal to a caller who knows another one of this name', async () => {
    const { key, content, known } = await journalWith(recordsOf(1, 2))
    const stranger = {
      knownHeader: headerText(newHeader(new Uint8Array(8).fill(7))),
      knownLength: known.knownLength,
    }
    const [reply] = await append(store, [appendOf(key, recordsOf(3), stranger)])
    expect(reply).toEqual({ kind: 'whole', bytes: hex(content) })
  })

  it('hands the whole journal to a caller who knows more of it than there is', async () => {
    const { key, content, known } = await journalWith(recordsOf(1))
    const ahead = { ...known, knownLength: known.knownLength + 5 * RECORD_BYTES }
    const [reply] = await append(store, [appendOf(key, recordsOf(2), ahead)])
    expect(reply).toEqual({ kind: 'whole', bytes: hex(content) })
  })

  it('reads without appending when there are no records', async () => {
    const { key, content } = await journalWith(recordsOf(1, 2))
    const [reply] = await append(store, [appendOf(key, recordsOf())])
    expect(reply).toEqual({ kind: 'whole', bytes: hex(content) })
    expect(hex(await readJournal(store, key))).toBe(hex(content))
  })

  it('serves many journals in one call, known and unknown ones, replies in their order', async () => {
    const known = await journalWith(recordsOf(1))
    const foreign = await journalWith(recordsOf(2))
    await append(under.open(), [appendOf(foreign.key, recordsOf(3))])
    const replies = await append(store, [
      appendOf(known.key, recordsOf(4), known.known),
      appendOf(newKey(), recordsOf(5)),
      appendOf(foreign.key, recordsOf(6), foreign.known),
      appendOf(known.key.replace('7', '8'), recordsOf(7)),
    ])
    expect(replies.map(({ kind }) => kind)).toEqual(['foreign', 'whole', 'foreign', 'whole'])
    expect(replies[2]?.bytes).toBe(hex(recordsOf(3)))
  })

  it('loses and doubles nothing when many clients append at once', async () => {
    const key = newKey()
    const clients = Array.from({ length: 6 }, () => under.open())
    await Promise.all(
      clients.map(async (client, number) => {
        for (let i = 0; i < 50; i++) await append(client, [appendOf(key, recordsOf(number * 50 + i))])
      }),
    )
    const content = await readJournal(store, key)
    const body = hex(content).slice(2 * HEADER_BYTES)
    const found = body.match(new RegExp(`.{${RECORD_BYTES * 2}}`, 'g')) ?? []
    const wanted = Array.from({ length: 300 }, (_, i) => hex(recordsOf(i)))
    expect(found.toSorted()).toEqual(wanted.toSorted())
  })

  it('hands out a journal in parts, each with the header that it has by then', async () => {
    const { key, content } = await journalWith(recordsOf(1, 2, 3))
    const part = await store.readPart(key, HEADER_BYTES + RECORD_BYTES, RECORD_BYTES)
    expect(part?.length).toBe(content.length)
    expect(hex(part?.header ?? null)).toBe(hex(content.subarray(0, HEADER_BYTES)))
    expect(hex(part?.bytes ?? null)).toBe(hex(recordsOf(2)))
  })

  describe('a journal whose beginning is replaced', () => {
    const { incarnation } = { incarnation: new Uint8Array(8).fill(5) }
    const replacement = (kept: Uint8Array): Uint8Array =>
      Buffer.concat([writeHeader({ epoch: 1, incarnation, buckets: 0, newestMs: 9 }), kept])

    it('keeps what stands behind, also what was appended meanwhile', async () => {
      const { key, content, known } = await journalWith(recordsOf(1, 2, 3))
      await append(under.open(), [appendOf(key, recordsOf(4))])
      const header = content.slice(0, HEADER_BYTES)
      const prefix = HEADER_BYTES + 2 * RECORD_BYTES
      expect(await store.coalesce(key, header, prefix, replacement(recordsOf(9)))).toBe(true)
      const now = await readJournal(store, key)
      expect(hex(now)).toBe(hex(replacement(recordsOf(9, 3, 4))))
      const [reply] = await append(store, [appendOf(key, recordsOf(5), known)])
      expect(reply).toEqual({ kind: 'whole', bytes: hex(now) })
    })

    it('stays as it is when somebody was faster, or it is too short, or gone', async () => {
      const { key, content } = await journalWith(recordsOf(1, 2))
      const header = content.slice(0, HEADER_BYTES)
      const prefix = HEADER_BYTES + RECORD_BYTES
      expect(await store.coalesce(key, header, content.length + RECORD_BYTES, replacement(recordsOf()))).toBe(
        false,
      )
      expect(await store.coalesce(key, header, prefix, replacement(recordsOf()))).toBe(true)
      expect(await under.open().coalesce(key, header, prefix, replacement(recordsOf()))).toBe(false)
      expect(hex(await readJournal(store, key))).toBe(hex(replacement(recordsOf(2))))
      expect(await store.coalesce(newKey(), header, prefix, replacement(recordsOf()))).toBe(false)
    })
  })

  // Memory is read where it stands, and has no limit but its own.
  if (name !== 'memory') {
    it('appends to a journal that is too long for one answer, says so, and hands it out in parts', async () => {
      const short = under.open({ maxAnswerBytes: 2 * RECORD_BYTES })
      const { key, content, known } = await journalWith(recordsOf(1, 2, 3, 4))
      const other = newKey()
      const replies = await append(short, [appendOf(key, recordsOf(5)), appendOf(other, recordsOf(6))])
      expect(replies).toEqual([
        { kind: 'long', bytes: '' },
        { kind: 'whole', bytes: expect.stringMatching(/^[0-9a-f]+$/) },
      ])
      expect(hex(await readJournal(short, key))).toBe(hex(content) + hex(recordsOf(5)))
      // What another writer left in between can be too much as well; a little is not.
      await append(under.open(), [appendOf(key, recordsOf(7, 8))])
      const from = { ...known, knownLength: known.knownLength + RECORD_BYTES }
      expect(await append(short, [appendOf(key, recordsOf(9), from)])).toEqual([
        { kind: 'foreign', bytes: hex(recordsOf(7, 8)) },
      ])
      expect(await append(short, [appendOf(key, recordsOf(10), known)])).toEqual([
        { kind: 'long', bytes: '' },
      ])
    })

    it('refuses a journal that is full, and takes the others of the same call', async () => {
      const small = under.open({ maxJournalBytes: HEADER_BYTES + 2 * RECORD_BYTES })
      const { key, content, known } = await journalWith(recordsOf(1, 2, 3))
      const other = await journalWith(recordsOf(4, 5))
      const request = appendOf(other.key, recordsOf(6), other.known)
      const full = { kind: 'full', bytes: '' }
      const replies = await append(small, [appendOf(key, recordsOf(7), known), request])
      expect(replies).toEqual([full, { kind: 'foreign', bytes: '' }])
      expect(await append(small, [appendOf(key, recordsOf(7))])).toEqual([full])
      expect(hex(await readJournal(store, key))).toBe(hex(content))
      expect(hex(await readJournal(store, other.key))).toBe(hex(other.content) + hex(recordsOf(6)))
    })
  }

  it('knows no journal that nobody wrote', async () => {
    expect(await readJournal(store, newKey())).toBeNull()
    expect(await store.expiresInMs(newKey())).toBeNull()
  })

  it('lets a journal expire one retention time after its last append', async () => {
    const { key, known } = await journalWith(recordsOf(1))
    await append(store, [appendOf(key, recordsOf(2), known)])
    const leftMs = (await store.expiresInMs(key)) ?? Number.NaN
    expect(leftMs).toBeGreaterThan(RETENTION_MS - 10_000)
    expect(leftMs).toBeLessThanOrEqual(RETENTION_MS)
  })
})
