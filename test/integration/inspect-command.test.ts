// `paysentry inspect` on a real Redis: a person finds an entity by the identifier that events name.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { freePort } from '../support/free-port.ts'
import { runPaysentry } from '../support/processor.ts'
import { startRedisServer, type TestRedis } from '../support/redis.ts'
import { batchFrom, pseudonymiser, WIDE } from '../unit/velocity/traffic.ts'

const PSEUDONYM_KEY = '000102030405060708090a0b0c0d0e0f'

describe('paysentry inspect', () => {
  let redis: TestRedis
  let env: Record<string, string>
  beforeAll(async () => {
    redis = await startRedisServer(await freePort())
    env = { PAYSENTRY_REDIS_URL: redis.url, PAYSENTRY_PRIVACY_PSEUDONYM_KEY: PSEUDONYM_KEY }
    const store = createRedisStore({
      url: redis.url,
      keyPrefix: 'ps:',
      commandTimeoutMs: 5_000,
      retentionMs: 86_400_000,
    })
    const windows = createWindowSet()
    const stage = createVelocityStage({
      store,
      windows,
      pseudonymiser,
      horizons: WIDE,
      cacheBytes: 1e6,
      minorPerMajor: 100,
    })
    await stage(
      batchFrom(
        [
          { id: 'e1', entities: ['card:tok_1', 'merchant:a'], amount: 1_250 },
          { id: 'e2', entities: ['card:tok_1', 'merchant:b'], atMs: 60_000, amount: 5_000 },
        ],
        windows,
      ),
    )
    await store.close()
  })
  afterAll(() => redis.stop())

  it('shows records and windows to a person', async () => {
    const { code, stdout, stderr } = await runPaysentry(['inspect', 'card', 'tok_1'], env)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Journal {2}ps:1:\{\d+\}:card:/)
    expect(stdout).toContain('2 that count')
    expect(stdout).toMatch(/2026-03-01T12:01:00\.000Z +payment +50\.00/)
    expect(stdout).toMatch(/10m +payment +2 +62\.50 +31\.25 +50\.00/)
    expect(stdout).not.toContain('tok_1')
  })

  it('gives the same as JSON, as of the time and for the windows that were asked', async () => {
    const asked = ['--json', '--at', '2026-03-01T12:00:30Z', '--windows', '1h']
    const { stdout } = await runPaysentry(['inspect', 'card', 'tok_1', ...asked], env)
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'card',
      base: 'EUR',
      records: [{ amount: 12.5 }, { amount: 50 }],
      windows: [{ lengthMs: 3_600_000, kind: 'payment', count: 1, sum: 12.5, distinct: { merchant: 1 } }],
    })
  })

  it('says that there is no such journal, and what may be the reason', async () => {
    const { code, stdout, stderr } = await runPaysentry(['inspect', 'card', 'tok_1', '--tenant', 'x'], env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('there is no journal of this card')
    expect(stderr).toContain('privacy.pseudonymKey')
  })

  it.each([
    [['inspect', 'card', 'tok_1', '--at', 'yesterday'], 'It must be a time'],
    [['inspect', 'card', 'tok_1', '--windows', '5 minutes'], 'It must be lengths'],
    [['inspect', 'cart', 'tok_1'], 'Allowed choices are card'],
    [['inspect', 'card', 'tok_1', '--windows', '90d'], 'velocity.retentionMs keeps 35d'],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await runPaysentry(args, env)
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
  })
})
