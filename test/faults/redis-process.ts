// A Redis that writes every change to disk before it answers, so that a kill loses nothing that it acknowledged.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../support/free-port.ts'

export interface RedisProcess {
  readonly port: number
  /** SIGKILL, then a start from what is on disk. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startRedisProcess(): Promise<RedisProcess> {
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'paysentry-redis-'))
  let child = await start(port, dir)
  const kill = async (): Promise<void> => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  // A run that is broken off leaves no server behind.
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  return {
    port,
    async restart() {
      await kill()
      child = await start(port, dir)
    },
    async stop() {
      process.off('exit', onExit)
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function start(port: number, dir: string): Promise<ChildProcess> {
  const durable = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durable]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ready = Promise.withResolvers<void>()
  child.once('error', ready.reject)
  child.once('exit', () => ready.reject(new Error('redis-server ended before it was ready')))
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes('Ready to accept connections')) ready.resolve()
  })
  await ready.promise
  return child
}
