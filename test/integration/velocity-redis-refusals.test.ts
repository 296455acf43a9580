// A Redis that answers but refuses: out of memory, a replica after a failover, a replica without its primary. Each is STORE_UNAVAILABLE,
// which a policy can decide about, and each passes without a restart.
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { freePort } from '../support/free-port.ts'
import { startRedisServer, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let operator: Redis
let store: JournalStore
beforeAll(async () => {
  server = await startRedisServer(await freePort())
  operator = new Redis(server.url)
  store = createRedisStore({
    url: server.url,
    keyPrefix: 'test:',
    commandTimeoutMs: 5_000,
    retentionMs: 600_000,
  })
})
afterAll(async () => {
  await store.close()
  operator.disconnect()
  await server.stop()
})

const append = () =>
  store.append(
    [{ key: '{0}:card:a', knownHeader: null, knownLength: 0, records: new Uint8Array(48) }],
    () => undefined,
  )

/** Appends until it succeeds: a connection that was given up for a refusal takes a moment to come back. */
async function appendAgain(): Promise<void> {
  for (;;) {
    try {
      await append()
      return
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    }
  }
}

it.each([
  ['out of memory', ['CONFIG SET maxmemory 1mb'], ['CONFIG SET maxmemory 0'], /OOM/],
  ['a replica by now', ['REPLICAOF 127.0.0.1 1'], ['REPLICAOF NO ONE'], /READONLY/],
  [
    'a replica whose primary is gone',
    ['CONFIG SET replica-serve-stale-data no', 'REPLICAOF 127.0.0.1 1'],
    ['REPLICAOF NO ONE', 'CONFIG SET replica-serve-stale-data yes'],
    /MASTERDOWN/,
  ],
] as const)(
  'that is %s is taken for away, and works again afterwards',
  async (_what, spoil, mend, reason) => {
    const tell = async (commands: readonly string[]): Promise<void> => {
      for (const command of commands) {
        const [name = '', ...args] = command.split(' ')
        await operator.call(name, ...args)
      }
    }
    await appendAgain()
    await tell(spoil)
    await expect(append()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      disposition: 'degrade',
      message: expect.stringMatching(reason),
    })
    await tell(mend)
    await appendAgain()
  },
)
