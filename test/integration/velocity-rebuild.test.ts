// The journals are rebuilt while writers go on: on one server and on a cluster, beside whole journals and after Redis lost them.
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/log/event-log.ts'
import { rebuild } from '../../src/rebuild/rebuild.ts'
import { openRedisEditions, type RedisEditions } from '../../src/velocity/redis-rebuild.ts'
import type { EditionsView } from '../../src/velocity/redis-editions.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { recordAt } from '../support/batches.ts'
import { startRedis } from '../support/redis.ts'
import { startRedisCluster } from '../support/redis-cluster.ts'
import { batchFrom, type Fact, pseudonymiser, WIDE } from '../unit/velocity/traffic.ts'
import { expectExact, startWriter, untilMore } from './velocity-support.ts'
import { appendOf } from '../unit/velocity/records.ts'

const servers = {
  'one server': async () => ({ ...(await startRedis()), cluster: false }),
  'a cluster': async () => ({ ...(await startRedisCluster()), cluster: true }),
} as const

const BATCH = 100

describe.each(Object.entries(servers))('a rebuild on %s', async (_name, start) => {
  const server = await start()
  const closing: (() => Promise<void>)[] = []
  afterAll(async () => {
    for (const close of closing) await close()
    await server.stop()
  })
  let scenes = 0

  /** Two writers whose facts stand in a log before they are written, and everything under a prefix of its own. */
  function scene() {
    const options = {
      url: server.url,
      cluster: server.cluster,
      keyPrefix: `scene-${scenes++}:`,
      commandTimeoutMs: 2_000,
      retentionMs: 600_000,
    }
    const views: EditionsView[] = []
    const log: Fact[] = []
    const stores = [0, 1].map(() => createRedisStore({ ...options, onEditions: (view) => views.push(view) }))
    const editions = openRedisEditions(options)
    closing.push(...stores.map((store) => store.close), editions.close)
    const writers = stores.map((store, i) =>
      startWriter('ab'.charAt(i), store, (facts) => log.push(...facts)),
    )
    return { options, log, stores, writers, editions, views }
  }

  /** Rebuilds from the log as it grows, with `between` before each step. */
  async function run(
    editions: RedisEditions,
    log: readonly Fact[],
    between: (phase: string) => Promise<void> = async () => undefined,
  ) {
    const target = await editions.begin(false)
    const windows = createWindowSet()
    const stage = createVelocityStage({
      store: target.store,
      windows,
      pseudonymiser,
      horizons: WIDE,
      cacheBytes: 4_000_000,
      minorPerMajor: 100,
    })
    let read = 0
    await rebuild({
      target: {
        ...target,
        async join() {
          await between('join')
          await target.join()
          await between('joined')
        },
        async putInForce() {
          await between('switch')
          await target.putInForce()
        },
      },
      recording: async () => undefined,
      async catchUp(onRecords) {
        for (const end = log.length; read < end; ) {
          const records = Array.from({ length: Math.min(BATCH, end - read) }, (_, i) => recordAt(read + i))
          await onRecords(records)
          read += records.length
        }
      },
      journal: async (records: readonly LogRecord[]) => {
        const facts = records.flatMap(({ offset }) => log[Number(offset)] ?? [])
        await stage(batchFrom(facts, windows))
      },
      onPhase: () => undefined,
      now: () => 0,
    })
    return target.edition
  }

  async function empty(): Promise<void> {
    for (const url of server.url.split(',')) {
      const redis = new Redis(url)
      await redis.flushall().catch((error: Error) => expect(error.message).toMatch('READONLY'))
      redis.disconnect()
    }
  }

  it('has every event that was journaled before, meanwhile and after, and windows are exact after the switch', async () => {
    const { log, stores, writers, editions, views } = scene()
    await Promise.all(writers.map((writer) => untilMore(writer, 300)))
    expect(
      await run(editions, log, () =>
        Promise.all(writers.map((writer) => untilMore(writer, 50))).then(() => undefined),
      ),
    ).toBe(2)
    const decidedBefore = writers.map(({ decided }) => decided.length)
    await Promise.all(writers.map((writer) => untilMore(writer, 300)))
    await Promise.all(writers.map((writer) => writer.stop()))
    // A batch that was under way at the switch may have windows of either edition.
    const after = writers.flatMap(({ decided }, i) => decided.slice(decidedBefore[i]! + 16))
    expect(after.length).toBeGreaterThan(400)
    await stores[0]!.ping()
    await expectExact(
      stores[0]!,
      writers.flatMap(({ decided }) => decided),
      after,
    )
    expect(views.at(-1)).toEqual({ edition: 2, isLost: false })
    expect(views.some(({ isLost }) => isLost)).toBe(false)
    expect(await editions.state()).toEqual({ current: [2], next: null, isLost: false, isUnmarked: false })
  })

  it('makes whole again what Redis lost, and says so as long as it is not', async () => {
    const { log, stores, writers, editions, views } = scene()
    await Promise.all(writers.map((writer) => untilMore(writer, 300)))
    await empty()
    await Promise.all(writers.map((writer) => untilMore(writer, 100)))
    expect(views.at(-1)).toEqual({ edition: 1, isLost: true })
    expect((await editions.state()).isLost).toBe(true)
    await run(editions, log)
    const decidedBefore = writers.map(({ decided }) => decided.length)
    await Promise.all(writers.map((writer) => untilMore(writer, 300)))
    await Promise.all(writers.map((writer) => writer.stop()))
    expect(views.at(-1)).toEqual({ edition: 2, isLost: false })
    await stores[0]!.ping()
    await expectExact(
      stores[0]!,
      writers.flatMap(({ decided }) => decided),
      writers.flatMap(({ decided }, i) => decided.slice(decidedBefore[i]! + 16)),
    )
  })

  it('ends, and leaves the journals in force alone, when Redis is emptied while it runs', async () => {
    const { log, writers, editions } = scene()
    await Promise.all(writers.map((writer) => untilMore(writer, 200)))
    const emptied = run(editions, log, async (phase) => {
      if (phase !== 'joined') return
      await empty()
      await Promise.all(writers.map((writer) => untilMore(writer, 100)))
    })
    await expect(emptied).rejects.toMatchObject({ code: 'REBUILD_ENDED' })
    expect(await editions.state()).toMatchObject({ current: [1], next: null, isLost: true })
    await editions.acceptLoss()
    expect((await editions.state()).isLost).toBe(false)
    await Promise.all(writers.map((writer) => writer.stop()))
  })

  it('is refused beside another one, which it can take the place of', async () => {
    const { log, stores, writers, editions } = scene()
    await Promise.all(writers.map((writer) => untilMore(writer, 100)))
    const first = await editions.begin(false)
    await expect(editions.begin(false)).rejects.toMatchObject({ code: 'REBUILD_ENDED' })
    await expect(editions.acceptLoss()).rejects.toMatchObject({ code: 'REBUILD_ENDED' })
    const second = await editions.begin(true)
    expect(second.edition).toBe(first.edition + 1)
    await expect(first.join()).rejects.toMatchObject({ code: 'REBUILD_ENDED' })
    await second.giveUp()
    expect(await run(editions, log)).toBe(2)
    await Promise.all(writers.map((writer) => writer.stop()))
    // What it has not written to since the switch it would read where it was.
    await stores[0]!.ping()
    await expectExact(
      stores[0]!,
      writers.flatMap(({ decided }) => decided),
      [],
    )
  })

  it('deletes the editions that are no longer in force, and nothing else', async () => {
    const { options, log, stores, writers, editions } = scene()
    await Promise.all(writers.map((writer) => untilMore(writer, 200)))
    await run(editions, log)
    await Promise.all(writers.map((writer) => untilMore(writer, 50)))
    await Promise.all(writers.map((writer) => writer.stop()))
    const other = createRedisStore({ ...options, keyPrefix: `${options.keyPrefix}other:` })
    closing.push(other.close)
    await other.append([appendOf('{1}:card:x', new Uint8Array(0))], () => undefined)
    expect(await editions.deleteOthers(() => undefined)).toBeGreaterThan(20)
    expect(await editions.deleteOthers(() => undefined)).toBe(0)
    expect(await other.readPart('{1}:card:x', 0, 100)).not.toBeNull()
    // What it has not written to since the switch it would read where it was.
    await stores[0]!.ping()
    await expectExact(
      stores[0]!,
      writers.flatMap(({ decided }) => decided),
      [],
    )
  })
})
