// Exact windows on a Redis Cluster while slots move and a master dies: no record is lost and none counts twice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { startRedisCluster, type TestRedisCluster } from '../support/redis-cluster.ts'
import { entityNamed } from '../unit/velocity/traffic.ts'
import { startWriter, stopAndExpectExact, untilMore } from './velocity-support.ts'

const tagOf = (card: number): string => `{${entityNamed(`card:${card}`).shard}}`

describe('velocity on a Redis Cluster', () => {
  let cluster: TestRedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster()
  })
  afterAll(() => cluster.stop())

  const openStore = (): JournalStore =>
    createRedisStore({
      url: cluster.url,
      cluster: true,
      keyPrefix: 'test:',
      commandTimeoutMs: 2_000,
      retentionMs: 600_000,
      // What a replica has, its promotion cannot lose.
      waitReplicas: 1,
    })

  it('loses and doubles nothing while slots move and a master dies under traffic', async () => {
    const stores = [openStore(), openStore()]
    const writers = stores.map((store, i) => startWriter('ab'.charAt(i), store))
    await Promise.all(writers.map((writer) => untilMore(writer, 100)))

    const moved = [...new Set([0, 1, 2, 3, 4, 5].map(tagOf))]
    const generations = stores.map((store) => store.generation())
    for (const tag of moved) await cluster.moveSlotOf(tag)
    await Promise.all(writers.map((writer) => untilMore(writer, 200)))
    // A journal under another master may have gone on differently: what was cached is not trusted.
    for (const [i, store] of stores.entries()) expect(store.generation()).toBeGreaterThan(generations[i]!)

    const dead = await cluster.failOver(tagOf(7))
    await Promise.all(writers.map((writer) => untilMore(writer, 200)))
    expect(await cluster.masters()).not.toContain(dead)

    await stopAndExpectExact(writers, stores[0]!)
    await Promise.all(stores.map((store) => store.close()))
  })

  it('says which setting is missing when it is taken for one server', async () => {
    const store = createRedisStore({
      url: cluster.url.split(',')[0]!,
      keyPrefix: 'test:',
      commandTimeoutMs: 2_000,
      retentionMs: 600_000,
    })
    await expect(store.ping()).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: expect.stringContaining('redis.cluster: true'),
    })
    await store.close()
  })
})
