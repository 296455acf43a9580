// Bytes in Redis for 1,000,000 cards and 10,000 merchants over 30 simulated days: played at a hundredth and a fiftieth of that through
// the velocity stage, coalescing included, and extrapolated; the two scales show that it is linear. `node test/bench/journals.ts` alone.
import { Redis } from 'ioredis'
import type { BatchEvent } from '../../src/batch.ts'
import { createRandom, type Random } from '../../src/simulator/random.ts'
import type { EntityRef } from '../../src/velocity/entity.ts'
import { editionPrefix, journalKey } from '../../src/velocity/journal-key.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { batchEventOf, batchOf } from '../support/batches.ts'
import { HORIZONS } from '../support/horizons.ts'
import { startRedis } from '../support/redis.ts'

const DAYS = 30
const DAY_MS = 86_400_000
const FULL_CARDS = 1_000_000
const CARDS_A_MERCHANT = 100
const SCALES = [10_000, 20_000]
const BATCH_EVENTS = 1_000
const SAMPLES = 50
const PREFIX = 'bench:'

interface Kind {
  readonly name: string
  /** Of the cards or merchants. */
  readonly share: number
  readonly paymentsADay: number
}

const CARDS: readonly Kind[] = [
  { name: 'sparse card', share: 0.7, paymentsADay: 0.1 },
  { name: 'usual card', share: 0.25, paymentsADay: 1 },
  { name: 'active card', share: 0.05, paymentsADay: 6.6 },
]
/** The same payments, as merchants get them. */
const MERCHANTS: readonly Kind[] = [
  { name: 'quiet merchant', share: 0.9, paymentsADay: 20 },
  { name: 'usual merchant', share: 0.09, paymentsADay: 200 },
  { name: 'busy merchant', share: 0.01, paymentsADay: 2_900 },
]

export async function run(): Promise<void> {
  const totals: number[] = []
  for (const cards of SCALES) {
    const server = await startRedis()
    const admin = new Redis(server.url)
    try {
      totals.push(await benchScale(cards, server.url, admin))
    } finally {
      await admin.flushall()
      admin.disconnect()
      await server.stop()
    }
  }
  for (const [i, bytes] of totals.entries()) {
    const factor = FULL_CARDS / (SCALES[i] ?? 1)
    line(
      `${FULL_CARDS} cards, from ${SCALES[i]}`,
      `${((bytes * factor) / 1e9).toFixed(2)} GB in Redis (times ${factor})`,
    )
  }
}

/** Bytes that Redis uses for them, keys and its own tables included. */
async function benchScale(cards: number, url: string, admin: Redis): Promise<number> {
  const population = createPopulation(cards)
  const store = createRedisStore({
    url,
    keyPrefix: PREFIX,
    commandTimeoutMs: 30_000,
    retentionMs: HORIZONS.retentionMs,
  })
  const stage = createVelocityStage({
    store,
    windows: createWindowSet(),
    pseudonymiser: createPseudonymiser('00'.repeat(16)),
    horizons: HORIZONS,
    cacheBytes: 134_217_728,
    minorPerMajor: 100,
  })
  await store.ping()
  const before = await usedMemory(admin)
  const startedAt = performance.now()
  for (let done = 0; done < population.events; done += BATCH_EVENTS) {
    await stage(batchOf(Array.from({ length: BATCH_EVENTS }, () => population.next())))
    await stage.coalescer.idle()
  }
  const bytes = (await usedMemory(admin)) - before
  const seconds = (performance.now() - startedAt) / 1_000
  line(
    `${cards} cards, ${cards / CARDS_A_MERCHANT} merchants, ${DAYS} days`,
    `${population.events} payments in ${seconds.toFixed(0)} s, ${(bytes / 1e6).toFixed(1)} MB, ${(bytes / cards).toFixed(0)} bytes a card`,
  )
  for (const { name, paymentsADay, of } of population.kinds) {
    const { length, memory } = await sizeOf(admin, of)
    line(
      `  ${name}, ${paymentsADay} payments a day`,
      `${length} bytes long, ${memory} in Redis; ${Math.round(paymentsADay * DAYS * 52)} if nothing were coalesced`,
    )
  }
  await stage.coalescer.close()
  await store.close()
  return bytes
}

/** Mean length of the journals, and what Redis uses for each. */
async function sizeOf(
  admin: Redis,
  entities: readonly EntityRef[],
): Promise<{ length: number; memory: number }> {
  const chosen = entities.slice(0, SAMPLES)
  let length = 0
  let memory = 0
  for (const entity of chosen) {
    const key = editionPrefix(PREFIX, 1) + journalKey(entity)
    length += await admin.strlen(key)
    memory += (await admin.memory('USAGE', key)) ?? 0
  }
  return { length: Math.round(length / chosen.length), memory: Math.round(memory / chosen.length) }
}

interface Group extends Kind {
  readonly of: readonly EntityRef[]
}

function createPopulation(cards: number) {
  const pseudonymiser = createPseudonymiser('00'.repeat(16))
  const random = createRandom(1, cards)
  const grouped = (kinds: readonly Kind[], type: 'card' | 'merchant', count: number): Group[] =>
    kinds.map((kind, number) => ({
      ...kind,
      of: Array.from({ length: Math.max(1, Math.round(count * kind.share)) }, (_, i) =>
        pseudonymiser.entity(type, `${number}-${i}`, ''),
      ),
    }))
  const cardGroups = grouped(CARDS, 'card', cards)
  const merchantGroups = grouped(MERCHANTS, 'merchant', cards / CARDS_A_MERCHANT)
  const aDay = cardGroups.reduce((sum, { of, paymentsADay }) => sum + of.length * paymentsADay, 0)
  const events = Math.round(aDay * DAYS)
  let made = 0
  return {
    events,
    kinds: [...cardGroups, ...merchantGroups],
    next(): BatchEvent {
      const number = made++
      const amount = 100 + random.int(20_000)
      return batchEventOf(
        { id: `e${number}` },
        {
          entities: [pick(cardGroups, random), pick(merchantGroups, random)],
          timeMs: 1_772_366_400_000 + Math.floor((number * DAYS * DAY_MS) / events),
          amountBaseMinor: amount,
          amount: amount / 100,
        },
      )
    },
  }
}

/** One of them, as often as its payments a day say. */
function pick(groups: readonly Group[], random: Random): EntityRef {
  const weights = groups.map(({ of, paymentsADay }) => of.length * paymentsADay)
  let at = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [i, { of }] of groups.entries()) {
    at -= weights[i] ?? 0
    const entity = of[random.int(of.length)]
    if (at < 0 && entity !== undefined) return entity
  }
  throw new Error('weights that do not add up')
}

async function usedMemory(admin: Redis): Promise<number> {
  return Number(/^used_memory_dataset:(\d+)/m.exec(await admin.info('memory'))?.[1] ?? 0)
}

function line(name: string, figures: string): void {
  console.log(name.padEnd(44), figures)
}

if (import.meta.main) await run()
