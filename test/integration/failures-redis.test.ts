// Redis failing in each way that the table of errors speaks of, as a real process: what the store says meanwhile, and that records are
// exact afterwards, each once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withinDeadline } from '../../src/degrade.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { LIBRARY_NAME, readLibraryCode } from '../../src/velocity/redis-library.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { createVelocityStage } from '../../src/velocity/velocity.ts'
import { freePort } from '../support/free-port.ts'
import { spawnRedis, WITHOUT_PERSISTENCE } from '../support/redis.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { allWindows, batchFrom, pseudonymiser, WIDE } from '../unit/velocity/traffic.ts'
import { expectExact, startWriter, untilMore } from './velocity-support.ts'
import { appendOf } from '../unit/velocity/records.ts'

const COMMAND_TIMEOUT_MS = 500
const MANY_RECORDS = 200

function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'paysentry-redis-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function start(settings: readonly string[] = WITHOUT_PERSISTENCE, port?: number) {
  const server = await spawnRedis(port ?? (await freePort()), folder(), settings)
  const admin = new Redis(server.url, { retryStrategy: () => 50 })
  admin.on('error', () => undefined)
  onTestFinished(async () => {
    admin.disconnect()
    await server.stop()
  })
  return { ...server, port: Number(new URL(server.url).port), admin }
}

function openStore(url: string): JournalStore {
  const store = createRedisStore({
    url,
    keyPrefix: 'test:',
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    retentionMs: 600_000,
  })
  onTestFinished(() => store.close())
  return store
}

/** A writer that has written. */
async function writing(store: JournalStore) {
  const writer = startWriter('a', store)
  await untilMore(writer, MANY_RECORDS)
  return writer
}

/** Resolves when the store refuses a call with this word; whatever it says before must let a policy decide too. */
async function refused(store: JournalStore, word: string): Promise<void> {
  for (;;) {
    const error = await append(store).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (error !== null) expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', disposition: 'degrade' })
    if (error instanceof Error && error.message.includes(word)) return
    await delay(10)
  }
}

function append(store: JournalStore): Promise<void> {
  return store.append([appendOf('{1}:card:x', new Uint8Array(52).fill(1))], () => undefined)
}

describe('Redis', () => {
  it('that stands still is given up after redis.commandTimeoutMs, and serves again when it goes on', async () => {
    const server = await start()
    const store = openStore(server.url)
    const writer = await writing(store)
    process.kill(server.pid, 'SIGSTOP')
    const startedAt = performance.now()
    await refused(store, 'timed out')
    expect(performance.now() - startedAt).toBeLessThan(COMMAND_TIMEOUT_MS * 6)
    process.kill(server.pid, 'SIGCONT')
    await untilMore(writer, MANY_RECORDS)
    await writer.stop()
    await expectExact(store, writer.decided)
  })

  it('that is slow is given up when its share of the deadline is over, and what it did all the same counts once', async () => {
    const server = await start()
    const store = openStore(server.url)
    const windows = allWindows(['card'], [60_000], ['payment'])
    const velocity = createVelocityStage({
      store,
      windows,
      pseudonymiser,
      horizons: WIDE,
      cacheBytes: 1_000_000,
      minorPerMajor: 100,
    })
    const stage = withinDeadline(velocity, { deadlineMs: 200, now: Date.now })
    const batchOf = (id: string) => batchFrom([{ id, entities: ['card:1'], atMs: 1_000, amount: 5 }], windows)
    await stage(batchOf('first'))
    await server.admin.call('CLIENT', 'PAUSE', '400', 'ALL')
    await expect(stage(batchOf('second'))).rejects.toMatchObject({
      code: 'STORE_LATE',
      disposition: 'degrade',
    })
    const again = batchOf('second')
    for (let isDone = false; !isDone; ) {
      isDone = await Promise.resolve(stage(again)).then(
        () => true,
        () => false,
      )
    }
    const last = batchOf('third')
    await velocity(last)
    const counts = [again, last].map(
      ({ events }) => events[0]!.windows[windows.specs.findIndex(({ fn }) => fn === 'count')],
    )
    expect(counts).toEqual([2, 3])
  })

  it('that is out of memory refuses records, and takes them when it has memory again', async () => {
    const server = await start([...WITHOUT_PERSISTENCE, '--maxmemory-policy', 'noeviction'])
    const store = openStore(server.url)
    const writer = await writing(store)
    await server.admin.config('SET', 'maxmemory', '1mb')
    await refused(store, 'OOM')
    await server.admin.config('SET', 'maxmemory', '0')
    await untilMore(writer, MANY_RECORDS)
    await writer.stop()
    await expectExact(store, writer.decided)
  })

  it('that has become a replica refuses records as READONLY until it is a primary again', async () => {
    const [server, primary] = await Promise.all([start(), start()])
    const store = openStore(server.url)
    await append(store)
    await server.admin.replicaof('127.0.0.1', primary.port)
    await refused(store, 'READONLY')
    await server.admin.replicaof('NO', 'ONE')
    const writer = await writing(store)
    await writer.stop()
    await expectExact(store, writer.decided)
  })

  it('that fails over to its replica is followed to the new primary, and windows are exact through it', async () => {
    // At once, not after the five seconds in which Redis waits for more replicas.
    const settings = [...WITHOUT_PERSISTENCE, '--repl-diskless-sync-delay', '0']
    const [old, replica] = await Promise.all([start(settings), start(settings)])
    const address = await startTcpProxy(old.port)
    onTestFinished(() => address.cut())
    const store = openStore(`redis://127.0.0.1:${address.port}`)
    const writer = await writing(store)
    await replica.admin.replicaof('127.0.0.1', old.port)
    while (!(await replica.admin.info('replication')).includes('master_link_status:up')) await delay(20)
    // The primary knows of it with the replica's next word, up to a second later.
    while (!(await old.admin.info('replication')).includes('state=online')) await delay(20)
    await untilMore(writer, MANY_RECORDS)
    await old.admin.call('FAILOVER', 'TO', '127.0.0.1', String(replica.port))
    while (!(await replica.admin.info('replication')).includes('role:master')) await delay(20)
    // The name that the processors know leads to the new primary from now on; the old one says READONLY.
    await refused(store, 'READONLY')
    address.leadTo(replica.port)
    await untilMore(writer, MANY_RECORDS)
    await writer.stop()
    expect(writer.retries()).toBeGreaterThan(0)
    await old.stop()
    await expectExact(store, writer.decided)
  })

  it('that is loading its data set is away until it has, and says so in time', async () => {
    const dir = folder()
    const port = await freePort()
    const saving = ['--save', '', '--appendonly', 'no', '--dbfilename', 'dump.rdb']
    const first = await spawnRedis(port, dir, saving)
    const store = openStore(first.url)
    const writer = startWriter('a', store)
    await untilMore(writer, MANY_RECORDS)
    await writer.stop()
    const admin = new Redis(first.url)
    await admin.save()
    admin.disconnect()
    await first.stop()
    // Settings for tests of Redis itself: so many microseconds a key, and clients are looked after so often meanwhile.
    const slow = ['--key-load-delay', '60000', '--loading-process-events-interval-bytes', '1024']
    const loading = spawnRedis(port, dir, [...saving, ...slow])
    onTestFinished(async () => (await loading).stop())
    const raw = new Redis(first.url, { enableReadyCheck: false, retryStrategy: () => 20 })
    raw.on('error', () => undefined)
    onTestFinished(() => raw.disconnect())
    while (!(await raw.info('persistence')).includes('loading:1')) await delay(10)
    const startedAt = performance.now()
    await refused(store, '')
    expect(performance.now() - startedAt).toBeLessThan(COMMAND_TIMEOUT_MS * 6)
    await loading
    const again = startWriter('b', store)
    await untilMore(again, MANY_RECORDS)
    await again.stop()
    await expectExact(store, [...writer.decided, ...again.decided])
  })

  it('whose disk is full refuses records as MISCONF, and takes them when there is room again', async () => {
    const dir = folder()
    const port = await freePort()
    const store = openStore(`redis://127.0.0.1:${port}`)
    // A file may not grow beyond 64 KiB: the append-only file then fails as on a full disk.
    const script = 'ulimit -S -f 64; trap "" XFSZ; exec redis-server "$@"'
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '']
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0']
    const child = spawn('bash', ['-c', script, 'redis', ...args, ...durable], { stdio: 'ignore' })
    const exited = once(child, 'exit')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await exited
    })
    while (
      await append(store).then(
        () => false,
        () => true,
      )
    )
      await delay(50)
    const writer = startWriter('a', store)
    await refused(store, 'MISCONF')
    const limited = spawn('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'], { stdio: 'ignore' })
    expect(await once(limited, 'exit')).toEqual([0, null])
    await untilMore(writer, MANY_RECORDS)
    await writer.stop()
    expect(writer.retries()).toBeGreaterThan(0)
  })

  it('with other code under the name of the function library gets ours at the next connection, and at once where it is gone', async () => {
    const server = await start()
    await server.admin.call('FUNCTION', 'LOAD', otherCode())
    const store = openStore(server.url)
    await append(store)
    expect(JSON.stringify(await server.admin.call('FUNCTION', 'LIST', 'WITHCODE'))).toContain('_coalesce')
    await server.admin.call('FUNCTION', 'FLUSH', 'SYNC')
    await append(store)
    expect((await store.readPart('{1}:card:x', 0, 1_000))?.length).toBeGreaterThan(52)
  })

  it('that does not allow functions to the user ends the process, with the remedy', async () => {
    const server = await start()
    await server.admin.call('ACL', 'SETUSER', 'limited', 'on', '>pw', '~*', '+@all', '-@scripting')
    const store = openStore(server.url.replace('redis://', 'redis://limited:pw@'))
    await expect(append(store)).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      disposition: 'fatal',
      message: expect.stringContaining('NOPERM'),
    })
  })
})

/** A library of the same name whose append does something else. */
function otherCode(): string {
  const [head] = readLibraryCode().split('\n')
  return `${head}\nredis.register_function('${LIBRARY_NAME}_append', function() return 'other' end)`
}
