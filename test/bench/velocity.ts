// What velocity costs an event: Redis and Node CPU for five entities with warm caches, batches of 200, alone and beside 19 other
// processors; the cold read of a long journal; and memory in embedded mode. CPU time, because wall time on a shared machine says little.
// `node test/bench/velocity.ts` runs it alone.
import { hash } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Batch } from '../../src/batch.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createMemoryStore } from '../../src/velocity/memory-store.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { createSipHash128 } from '../../src/velocity/sip-hash.ts'
import type { WindowSet } from '../../src/velocity/window.ts'
import { startRedis } from '../support/redis.ts'
import { redisCpuMicroseconds } from '../support/redis-cpu.ts'
import {
  BATCH_EVENTS,
  createWorkload,
  noWindows,
  twentyWindows,
  type Workload,
  WORKLOAD_KEY,
} from '../support/velocity-workload.ts'
import { appendOf, recordsOf } from '../unit/velocity/records.ts'

const WARM_BATCHES = 150
const MEASURED_BATCHES = 250
const OTHERS = 19
const WARM_BESIDE_OTHERS = 30
const BATCHES_BESIDE_OTHERS = 30
const RETENTION_MS = 35 * 24 * 3_600_000
const LONG_RECORDS = 1_000_000
const RECORDS_A_CALL = 5_000

export async function run(): Promise<void> {
  benchHashes()
  await onRedis(benchWarm)
  await onRedis(benchBesideOthers)
  await onRedis(benchColdRead)
  await benchMemory()
}

interface Servers {
  readonly admin: Redis
  open(): JournalStore
}

async function onRedis(bench: (servers: Servers) => Promise<void>): Promise<void> {
  const server = await startRedis()
  const admin = new Redis(server.url)
  const stores: JournalStore[] = []
  const open = (): JournalStore => {
    const store = createRedisStore({
      url: server.url,
      keyPrefix: 'bench:',
      commandTimeoutMs: 10_000,
      retentionMs: RETENTION_MS,
    })
    stores.push(store)
    return store
  }
  try {
    await bench({ admin, open })
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await admin.flushall()
    admin.disconnect()
    await server.stop()
  }
}

function benchHashes(): void {
  const texts = Array.from({ length: 1_000 }, (_, i) => `acme\0card\0tok_4f8a9c2e71b3d5-abcdef${10_000 + i}`)
  const sip = createSipHash128(Buffer.from(WORKLOAD_KEY, 'hex'))
  const out = new Uint32Array(4)
  const each = (name: string, work: (text: string) => unknown): void => {
    const repeat = (times: number) => {
      for (let i = 0; i < times; i++) for (const text of texts) work(text)
    }
    repeat(200)
    const before = process.cpuUsage()
    repeat(500)
    line(name, `${(cpuSince(before) / 500_000).toFixed(2)} µs a text of 45 bytes`)
  }
  each('SipHash-2-4-128', (text) => sip(text, out))
  each("node:crypto hash('sha256')", (text) => hash('sha256', text, 'buffer'))
}

async function benchWarm({ admin, open }: Servers): Promise<void> {
  const workload = createWorkload()
  const sets = { 'journals alone': noWindows(), 'and 20 windows': twentyWindows() }
  for (const [name, windows] of Object.entries(sets)) {
    const stage = workload.stageOn(open(), windows)
    for (let i = 0; i < WARM_BATCHES; i++) await stage(workload.nextBatch(windows))
    const figures = createFigures(admin)
    for (let i = 0; i < MEASURED_BATCHES; i++) {
      const batch = workload.nextBatch(windows)
      await figures.measure(() => stage(batch))
    }
    figures.print(name, MEASURED_BATCHES * BATCH_EVENTS)
  }
}

/** Between two batches 19 others write one batch each to the same entities: the worst that 20 processors can do to one. */
async function benchBesideOthers({ admin, open }: Servers): Promise<void> {
  const workload = createWorkload()
  const sets = { 'journals alone': noWindows(), 'and 20 windows': twentyWindows() }
  const none = noWindows()
  const others = workload.stageOn(open(), none)
  for (const [name, windows] of Object.entries(sets)) {
    const stage = workload.stageOn(open(), windows)
    for (let i = 0; i < WARM_BESIDE_OTHERS; i++) {
      await beside(others, workload, none)
      await stage(workload.nextBatch(windows))
    }
    const figures = createFigures(admin)
    for (let i = 0; i < BATCHES_BESIDE_OTHERS; i++) {
      await beside(others, workload, none)
      const batch = workload.nextBatch(windows)
      await figures.measure(() => stage(batch))
    }
    figures.print(`${name}, beside ${OTHERS} others`, BATCHES_BESIDE_OTHERS * BATCH_EVENTS)
  }
}

async function beside(
  others: (batch: Batch) => Promise<Batch>,
  workload: Workload,
  none: WindowSet,
): Promise<void> {
  for (let i = 0; i < OTHERS; i++) await others(workload.nextBatch(none))
}

/** A journal of a million records that a processor knows nothing of: what the store, and whoever waits, has of reading it. */
async function benchColdRead({ admin, open }: Servers): Promise<void> {
  const store = open()
  const key = '{1}:merchant:busy'
  const records = recordsOf(...Array.from({ length: RECORDS_A_CALL }, (_, i) => i))
  for (let at = 0; at < LONG_RECORDS; at += RECORDS_A_CALL) {
    await store.append([appendOf(key, records)], () => undefined)
  }
  await admin.config('RESETSTAT')
  await admin.call('SLOWLOG', 'RESET')
  const startedAt = performance.now()
  let heldUpMs = 0
  let at = performance.now()
  const ticks = setInterval(() => {
    heldUpMs = Math.max(heldUpMs, performance.now() - at)
    at = performance.now()
  }, 1)
  const bytes = await readJournal(store, key)
  clearInterval(ticks)
  const calls = Number(/^cmdstat_fcall:calls=(\d+)/m.exec(await admin.info('commandstats'))?.[1] ?? 1)
  const redisMs = (await fcallMicroseconds(admin)) / 1_000
  line(
    `cold read of ${((bytes?.length ?? 0) / 1e6).toFixed(0)} MB`,
    `${calls} calls of ${(redisMs / calls).toFixed(2)} ms of Redis, ${Math.round(performance.now() - startedAt)} ms in all,`,
    `other work waited ${Math.round(heldUpMs)} ms at most`,
  )
}

async function benchMemory(): Promise<void> {
  const workload = createWorkload()
  const windows = twentyWindows()
  const stage = workload.stageOn(createMemoryStore({ retentionMs: RETENTION_MS, now: () => 0 }), windows)
  const before = process.memoryUsage().rss
  const started = process.cpuUsage()
  const batches = 1_000_000 / BATCH_EVENTS
  let highest = 0
  for (let i = 0; i < batches; i++) {
    await stage(workload.nextBatch(windows))
    if (i % 50 === 0) highest = Math.max(highest, process.memoryUsage().rss)
  }
  const mebi = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  line(
    '1,000,000 events in memory, default cache',
    `${mebi(highest)} resident at most, ${mebi(before)} before,`,
    `${(cpuSince(started) / 1_000_000).toFixed(1)} µs an event, made events included`,
  )
}

/**
 * CPU of this process and of Redis within the measured parts alone. Redis' function time (commandstats) is wall time: where other
 * processes want the same core, it is too long, and its CPU clock is right.
 */
function createFigures(admin: Redis) {
  let node = 0
  let functions = 0
  let clock = 0
  return {
    async measure(work: () => Promise<unknown>): Promise<void> {
      const functionsBefore = await fcallMicroseconds(admin)
      const clockBefore = await redisCpuMicroseconds(admin)
      const before = process.cpuUsage()
      await work()
      node += cpuSince(before)
      clock += (await redisCpuMicroseconds(admin)) - clockBefore
      functions += (await fcallMicroseconds(admin)) - functionsBefore
    },
    print(name: string, events: number): void {
      const each = (total: number) => (total / events).toFixed(1)
      line(
        `Redis, ${name}`,
        `${each(functions)} µs an event in its function, ${each(clock)} µs of CPU in all`,
      )
      line(`Node, ${name}`, `${each(node)} µs an event`)
    },
  }
}

async function fcallMicroseconds(redis: Redis): Promise<number> {
  return Number(/^cmdstat_fcall:.*?usec=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0)
}

function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function line(name: string, ...figures: string[]): void {
  console.log(name.padEnd(44), ...figures)
}

if (import.meta.main) await run()
