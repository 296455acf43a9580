// A Redis with the settings that docker-compose.yml recommends is killed under traffic and started again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'vitest'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { freePort } from '../support/free-port.ts'
import { spawnRedis } from '../support/redis.ts'
import { recommendedSettings } from '../support/redis-settings.ts'
import { startWriter, stopAndExpectExact, untilMore } from './velocity-support.ts'

describe('velocity when Redis is killed', () => {
  it('has every record that was acknowledged after a restart, and windows are exact through it', async () => {
    const settings = recommendedSettings()
    const dir = mkdtempSync(path.join(tmpdir(), 'paysentry-aof-'))
    const port = await freePort()
    let server = await spawnRedis(port, dir, settings)
    const stores = [1, 2].map(() =>
      createRedisStore({
        url: server.url,
        keyPrefix: 'test:',
        commandTimeoutMs: 2_000,
        retentionMs: 600_000,
      }),
    )
    const writers = stores.map((store, i) => startWriter('ab'.charAt(i), store))
    for (let kills = 0; kills < 3; kills++) {
      await Promise.all(writers.map((writer) => untilMore(writer, 150)))
      await server.stop()
      server = await spawnRedis(port, dir, settings)
    }
    await Promise.all(writers.map((writer) => untilMore(writer, 150)))
    await stopAndExpectExact(writers, stores[0]!)
    await Promise.all(stores.map((store) => store.close()))
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  })
})
