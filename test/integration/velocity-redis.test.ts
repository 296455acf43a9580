// Exact windows on a real Redis: processors with small caches write at once, and every event's windows are those of its
// journals up to its own first record.
import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BatchEvent } from '../../src/batch.ts'
import type { Horizons } from '../../src/velocity/grid.ts'
import { createRandom } from '../../src/simulator/random.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createRedisStore, type RedisStore, type RedisStoreOptions } from '../../src/velocity/redis-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis, startRedisServer, type TestRedis } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import { countedRecords, type RawRecord, rawRecords } from '../unit/velocity/oracle.ts'
import { remembering } from '../unit/velocity/remembering.ts'
import {
  allWindows,
  batchFrom,
  type EntityName,
  type Fact,
  keysOf,
  pseudonymiser,
  WIDE,
  wrongWindow,
} from '../unit/velocity/traffic.ts'

const windows = allWindows(
  ['card', 'merchant', 'device'],
  [1_000, 60_000, 3_600_000],
  ['payment', 'declined'],
)
const keyPrefix = `test-${randomBytes(4).toString('hex')}:`

const openStore = (url: string): RedisStore =>
  createRedisStore({ url, keyPrefix, commandTimeoutMs: 5_000, retentionMs: 600_000 })

const stageOn = (store: JournalStore, cacheBytes: number) =>
  createVelocityStage({ store, windows, pseudonymiser, horizons: WIDE, cacheBytes, minorPerMajor: 100 })

/** Facts about a few entities that everyone shares, in no order of time. */
function factsOf(seed: number, count: number): Fact[] {
  const random = createRandom(seed, 1)
  return Array.from({ length: count }, (_, i) => {
    const entities: EntityName[] = [
      `card:${random.int(20)}`,
      `merchant:${random.int(3)}`,
      `device:${random.int(8)}`,
    ]
    return {
      id: `e${i}`,
      entities,
      atMs: random.int(120_000),
      amount: random.int(100_000),
      outcome: random.chance(0.2) ? 'declined' : 'pending',
    }
  })
}

async function expectExact(store: JournalStore, decided: readonly BatchEvent[]): Promise<void> {
  const journals = new Map<string, RawRecord[]>()
  for (const key of keysOf(decided)) {
    const bytes = await readJournal(store, key)
    journals.set(key, bytes === null ? [] : countedRecords(rawRecords(bytes), WIDE))
  }
  for (const event of decided) expect(wrongWindow(event, windows, journals)).toBeNull()
}

describe('velocity on a real Redis', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  it('is exact for eight processors that write the same entities at once, repeated events included', async () => {
    const facts = factsOf(1, 1_200)
    const decided: BatchEvent[] = []
    const stores = Array.from({ length: 8 }, () => openStore(redis.url))
    await Promise.all(
      stores.map(async (store, number) => {
        const stage = stageOn(store, number % 2 === 0 ? 8_000 : 4_000_000)
        const random = createRandom(number, 2)
        // Its own share, and in each batch some events that others have too.
        const own = facts.filter((_, i) => i % stores.length === number)
        for (let at = 0; at < own.length; at += 10) {
          const shared = Array.from({ length: 3 }, () => random.pick(facts))
          const batch = batchFrom([...own.slice(at, at + 10), ...shared], windows)
          await stage(batch)
          decided.push(...batch.events)
        }
      }),
    )
    expect(decided.length).toBeGreaterThan(1_200)
    await expectExact(stores[0]!, decided)
    await Promise.all(stores.map((store) => store.close()))
  })

  it('is exact for batches of one processor that are in flight together', async () => {
    const facts = factsOf(2, 600).map((fact) => ({ ...fact, id: `flight-${fact.id}` }))
    const store = openStore(redis.url)
    const stage = stageOn(store, 1_000_000)
    const batches = Array.from({ length: 30 }, (_, i) => batchFrom(facts.slice(i * 20, i * 20 + 20), windows))
    await Promise.all(batches.map((batch) => stage(batch)))
    await expectExact(
      store,
      batches.flatMap(({ events }) => events),
    )
    await store.close()
  })

  it('refuses a journal to which somebody has appended what is no record', async () => {
    const store = openStore(redis.url)
    const stage = stageOn(store, 1_000_000)
    const one = (id: string) => batchFrom([{ id, entities: ['card:stray'], atMs: 1 }], windows)
    const { events } = await stage(one('stray-1'))
    const [key = ''] = keysOf(events)
    const admin = new Redis(redis.url)
    await admin.append(await store.wholeKey(key), 'stray')
    admin.disconnect()
    await expect(stage(one('stray-2'))).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: expect.stringContaining(key),
    })
    await store.close()
  })
})

describe('long journals on a real Redis', () => {
  const narrow: Horizons = { exactHorizonMs: 200, allowedLatenessMs: 100, retentionMs: 600_000 }
  const asked = allWindows(['card', 'merchant'], [150, 600, 1_500], ['payment', 'declined'], {
    horizons: narrow,
  })
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  /** Payments of one card at one shop, so close together that many share a bucket when they are old. */
  const payments = (prefix: string, count: number): Fact[] =>
    Array.from({ length: count }, (_, i) => ({
      id: `${prefix}-${i}`,
      entities: [`card:${prefix}`, `merchant:${prefix}`],
      atMs: i,
      amount: 100 + i,
      outcome: i % 5 === 0 ? 'declined' : 'pending',
    }))

  function stageWith(options: Partial<RedisStoreOptions>, shadow: Map<string, RawRecord[]>) {
    const store = createRedisStore({
      url: redis.url,
      keyPrefix,
      commandTimeoutMs: 5_000,
      retentionMs: 600_000,
      ...options,
    })
    const stage = createVelocityStage({
      store: remembering(store, shadow),
      windows: asked,
      pseudonymiser,
      horizons: narrow,
      cacheBytes: 1_000_000,
      minorPerMajor: 100,
    })
    return { store, stage }
  }

  const expectAsRemembered = (events: readonly BatchEvent[], shadow: Map<string, RawRecord[]>): void => {
    const journals = new Map([...shadow].map(([key, records]) => [key, countedRecords(records, narrow)]))
    for (const event of events) expect(wrongWindow(event, asked, journals, narrow)).toBeNull()
  }

  it('are coalesced beside the traffic of two processors, and no window changes', async () => {
    const shadow = new Map<string, RawRecord[]>()
    const processors = [stageWith({}, shadow), stageWith({}, shadow)]
    for (const [i, fact] of payments('coalesced', 900).entries()) {
      const { stage } = processors[i % 2]!
      const batch = batchFrom([fact], asked)
      await stage(batch)
      expectAsRemembered(batch.events, shadow)
      if (i % 50 === 49) await stage.coalescer.idle()
    }
    for (const [key, records] of shadow) {
      const bytes = await readJournal(processors[0]!.store, key)
      expect(records).toHaveLength(900)
      expect(bytes!.length).toBeLessThan(900 * 52 * 0.9)
    }
    await Promise.all(processors.map(({ stage }) => stage.coalescer.close()))
    await Promise.all(processors.map(({ store }) => store.close()))
  })

  it('are read in parts by a processor that knows nothing of them, once for all batches that want them', async () => {
    const shadow = new Map<string, RawRecord[]>()
    const facts = payments('long', 120)
    const writer = stageWith({}, shadow)
    await writer.stage(batchFrom(facts.slice(0, 100), asked))
    const reader = stageWith({ maxAnswerBytes: 1_000 }, shadow)
    const batches = [facts.slice(100, 110), facts.slice(110)].map((part) => batchFrom(part, asked))
    for (const batch of batches) await reader.stage(batch)
    expectAsRemembered(
      batches.flatMap(({ events }) => events),
      shadow,
    )
    await Promise.all([writer, reader].map(({ store }) => store.close()))
  })

  it('take no more when they are full, and the decision says so', async () => {
    const { stage, store } = stageWith({ maxJournalBytes: 2_000 }, new Map())
    const facts = payments('full', 60)
    const last = batchFrom(facts.slice(50), asked)
    for (let at = 0; at < 50; at += 10) await stage(batchFrom(facts.slice(at, at + 10), asked))
    await stage(last)
    expect(last.events[0]!.degraded.toSorted()).toEqual(['full:card', 'full:merchant'])
    await store.close()
  })
})

describe('velocity when Redis goes away', () => {
  it('fails fast while it is gone, and is exact again when it is back, empty', async () => {
    const port = await freePort()
    let server = await startRedisServer(port)
    const store = openStore(server.url)
    const stage = stageOn(store, 1_000_000)
    const facts = factsOf(3, 60)
    await stage(batchFrom(facts.slice(0, 20), windows))

    await server.stop()
    await expect(stage(batchFrom(facts.slice(20, 40), windows))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })

    server = await startRedisServer(port)
    const batch = batchFrom(facts.slice(20, 60), windows)
    // The client connects again by itself; until then the pipeline tries again, as here.
    for (let done = false; !done; ) {
      done = await stage(batch).then(
        () => true,
        async (error: unknown) => {
          expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
          await new Promise((resolve) => setTimeout(resolve, 20))
          return false
        },
      )
    }
    await expectExact(store, batch.events)
    await store.close()
    await server.stop()
  })

  it('says that the connection was lost when that happens while a call is under way', async () => {
    const server = await startRedisServer(await freePort())
    const proxy = await startTcpProxy(Number(new URL(server.url).port))
    const store = openStore(`redis://127.0.0.1:${proxy.port}`)
    await store.ping()
    const other = new Redis(server.url)
    await other.call('CLIENT', 'PAUSE', '60000', 'ALL')
    const call = store.readPart('{7}:card:any', 0, 1)
    const failed = expect(call).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('the connection was lost while the call was under way'),
    })
    // What was written in this turn of the loop is on its way.
    await nextTurn()
    await proxy.cut()
    await failed
    other.disconnect()
    await store.close()
    await server.stop()
  })

  it('says that nobody answers where there is no Redis', async () => {
    const nowhere = openStore(`redis://127.0.0.1:${await freePort()}`)
    await expect(nowhere.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await nowhere.close()
  })
})
