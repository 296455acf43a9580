// A Redis for tests, by the first way that works: the address in PAYSENTRY_TEST_REDIS_URL, a container, a child process.
// When none works the run fails and says what to install.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { GenericContainer } from 'testcontainers'
import { dockerAnswers } from './docker.ts'
import { freePort } from './free-port.ts'

const IMAGE = 'redis:7.2-alpine'
export const WITHOUT_PERSISTENCE = ['--save', '', '--appendonly', 'no']
const READY_WITHIN_MS = 20_000

export interface TestRedis {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a Redis, or takes the given one, and resolves when it answers. */
export async function startRedis(): Promise<TestRedis> {
  const given = process.env['PAYSENTRY_TEST_REDIS_URL'] ?? ''
  if (given !== '') return { url: given, stop: async () => undefined }
  return (await dockerAnswers()) ? startContainer() : startRedisServer(await freePort())
}

/** A Redis of this test's own on the given port, to be stopped and started again. Needs redis-server on the machine. */
export async function startRedisServer(port: number): Promise<TestRedis> {
  const dir = mkdtempSync(path.join(tmpdir(), 'paysentry-redis-'))
  const server = await spawnRedis(port, dir, WITHOUT_PERSISTENCE)
  return {
    ...server,
    async stop() {
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** A redis-server that keeps its files in `dir`, which is the caller's. `stop` is a SIGKILL: nothing is saved at the last moment. */
export async function spawnRedis(
  port: number,
  dir: string,
  settings: readonly string[],
): Promise<TestRedis & { readonly pid: number }> {
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    throw new Error(
      'These tests need Redis: set PAYSENTRY_TEST_REDIS_URL, start Docker, or install redis-server (Debian and Ubuntu: apt install redis-server)',
    )
  }
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...settings]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  // A run that is broken off leaves no server behind.
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  const stop = async (): Promise<void> => {
    process.off('exit', onExit)
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    }
  }
  try {
    await ready(child)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid ?? -1, stop }
}

async function startContainer(): Promise<TestRedis> {
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts(6379)
    .withCommand(['redis-server', ...WITHOUT_PERSISTENCE])
    .start()
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    stop: async () => void (await container.stop()),
  }
}

/** Resolves when the server says that it accepts connections. */
async function ready(child: ChildProcess): Promise<void> {
  const { stdout } = child
  if (stdout === null) throw new Error('redis-server without an output')
  const said: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const giveUp = setTimeout(() => reject(new Error('redis-server did not get ready')), READY_WITHIN_MS)
  // Read to the end, also when nobody waits any more: a full pipe would stop the server.
  createInterface(stdout).on('line', (line) => {
    said.push(line)
    if (line.includes('Ready to accept connections')) resolve()
  })
  child.once('exit', () => reject(new Error(`redis-server ended:\n${said.join('\n')}`)))
  child.once('error', reject)
  try {
    await promise
  } finally {
    clearTimeout(giveUp)
  }
}
