// What velocity costs an event: Redis and Node CPU for five entities with warm caches, batches of 200, and memory in embedded mode.
// `node test/bench/velocity.ts` runs it alone. CPU time, because wall time on a shared machine says little.
import { hash } from 'node:crypto'
import { Redis } from 'ioredis'
import type { Batch } from '../../src/batch.ts'
import { createMemoryStore } from '../../src/velocity/memory-store.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { createSipHash128 } from '../../src/velocity/sip-hash.ts'
import { createVelocityStage, emptyWindows } from '../../src/velocity/velocity.ts'
import { createWindowSet, type WindowSet } from '../../src/velocity/window.ts'
import { batchEventOf, batchOf } from '../support/batches.ts'
import { startRedis } from '../support/redis.ts'
import { HORIZONS } from '../support/horizons.ts'

const BATCH_EVENTS = 200
const WARM_BATCHES = 150
const MEASURED_BATCHES = 250
const HOUR_MS = 3_600_000
const KEY = '000102030405060708090a0b0c0d0e0f'
const RETENTION_MS = 35 * 24 * HOUR_MS

export async function run(): Promise<void> {
  benchHashes()
  await benchRedis()
  await benchMemory()
}

function benchHashes(): void {
  const texts = Array.from({ length: 1_000 }, (_, i) => `acme\0card\0tok_4f8a9c2e71b3d5-abcdef${10_000 + i}`)
  const sip = createSipHash128(Buffer.from(KEY, 'hex'))
  const out = new Uint32Array(4)
  const each = (name: string, work: (text: string) => unknown): void => {
    const repeat = (times: number) => {
      for (let i = 0; i < times; i++) for (const text of texts) work(text)
    }
    repeat(200)
    const cpu = microsecondsOf(() => repeat(500))
    console.log(`${name.padEnd(44)} ${(cpu / 500_000).toFixed(2)} µs a text of 45 bytes`)
  }
  each('SipHash-2-4-128', (text) => sip(text, out))
  each("node:crypto hash('sha256')", (text) => hash('sha256', text, 'buffer'))
}

async function benchRedis(): Promise<void> {
  const server = await startRedis()
  const admin = new Redis(server.url)
  const store = createRedisStore({
    url: server.url,
    keyPrefix: 'bench:',
    commandTimeoutMs: 10_000,
    retentionMs: RETENTION_MS,
  })
  try {
    const { stage, nextBatch } = workload(store)
    for (let i = 0; i < WARM_BATCHES; i++) await stage(nextBatch())
    const batches = Array.from({ length: MEASURED_BATCHES }, nextBatch)
    const redisBefore = await fcallMicroseconds(admin)
    const before = process.cpuUsage()
    for (const batch of batches) await stage(batch)
    const { user, system } = process.cpuUsage(before)
    const redis = (await fcallMicroseconds(admin)) - redisBefore
    const events = MEASURED_BATCHES * BATCH_EVENTS
    console.log(
      `Redis CPU, five entities, batches of ${BATCH_EVENTS}`.padEnd(44),
      `${(redis / events).toFixed(1)} µs an event`,
    )
    console.log(
      'Node CPU, 20 windows, ioredis included'.padEnd(44),
      `${((user + system) / events).toFixed(1)} µs an event`,
    )
  } finally {
    await store.close()
    admin.disconnect()
    await server.stop()
  }
}

async function benchMemory(): Promise<void> {
  const store = createMemoryStore({ retentionMs: RETENTION_MS, now: () => 0 })
  const { stage, nextBatch } = workload(store)
  const before = process.memoryUsage().rss
  const started = process.cpuUsage()
  const batches = 1_000_000 / BATCH_EVENTS
  let highest = 0
  for (let i = 0; i < batches; i++) {
    await stage(nextBatch())
    if (i % 50 === 0) highest = Math.max(highest, process.memoryUsage().rss)
  }
  const { user, system } = process.cpuUsage(started)
  const mebi = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  console.log(
    '1,000,000 events in memory, default cache'.padEnd(44),
    `${mebi(highest)} resident at most, ${mebi(before)} before,`,
    `${((user + system) / 1_000_000).toFixed(1)} µs an event, made events included`,
  )
}

/** Payments of 4,000 cards at 600 merchants, one a second. */
function workload(store: JournalStore) {
  const windows = windowSet()
  const pseudonymiser = createPseudonymiser(KEY)
  const stage = createVelocityStage({
    store,
    windows,
    pseudonymiser,
    horizons: HORIZONS,
    cacheBytes: 134_217_728,
    minorPerMajor: 100,
  })
  const empty = emptyWindows(windows)
  let events = 0
  // The generator of Park and Miller: the same traffic in every run.
  let seed = 20_260_301
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const one = () => {
    const card = random(4_000)
    const entities = [
      pseudonymiser.entity('card', `tok_${card}`, ''),
      pseudonymiser.entity('account', `acc-${card}`, ''),
      pseudonymiser.entity('device', `dev-${random(10) === 0 ? random(6_000) : card}`, ''),
      pseudonymiser.entity('ip', `10.0.${card >> 8}.${card & 255}`, ''),
      pseudonymiser.entity('merchant', `mer-${random(600)}`, ''),
    ]
    const amount = 100 + random(20_000)
    return batchEventOf(
      { id: `evt-${events}` },
      {
        entities,
        timeMs: 1_772_366_400_000 + events++ * 1_000,
        amountBaseMinor: amount,
        amount: amount / 100,
        windows: empty.slice(),
      },
    )
  }
  return { stage, nextBatch: (): Batch => batchOf(Array.from({ length: BATCH_EVENTS }, one)) }
}

function windowSet(): WindowSet {
  const set = createWindowSet()
  for (const entity of ['card', 'account', 'device', 'merchant'] as const) {
    for (const lengthMs of [HOUR_MS / 6, HOUR_MS, 24 * HOUR_MS]) {
      set.slot({ fn: 'count', entity, counterpart: null, lengthMs, kind: 'payment', delayMs: 0 })
    }
    set.slot({ fn: 'sum', entity, counterpart: null, lengthMs: 24 * HOUR_MS, kind: 'payment', delayMs: 0 })
  }
  set.slot({
    fn: 'distinct',
    entity: 'card',
    counterpart: 'merchant',
    lengthMs: 24 * HOUR_MS,
    kind: 'payment',
    delayMs: 0,
  })
  set.slot({
    fn: 'distinct',
    entity: 'device',
    counterpart: 'card',
    lengthMs: HOUR_MS,
    kind: 'payment',
    delayMs: 0,
  })
  set.slot({
    fn: 'stddev',
    entity: 'card',
    counterpart: null,
    lengthMs: 24 * HOUR_MS,
    kind: 'payment',
    delayMs: 0,
  })
  set.slot({
    fn: 'last_seen',
    entity: 'card',
    counterpart: null,
    lengthMs: Number.POSITIVE_INFINITY,
    kind: 'payment',
    delayMs: 0,
  })
  return set
}

async function fcallMicroseconds(redis: Redis): Promise<number> {
  return Number(/^cmdstat_fcall:.*?usec=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0)
}

function microsecondsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

if (import.meta.main) await run()
