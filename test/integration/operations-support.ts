// Prometheus and its promtool as they are installed on this machine.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

const INSTALL = 'Install Prometheus 2.42 or newer, which brings both: apt-get install prometheus'

/** Runs promtool and resolves with what it printed; rejects with that when it found something wrong. */
export function promtool(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('promtool', args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr)
      else if (error.code === 'ENOENT') reject(new Error(`promtool is not installed. ${INSTALL}`))
      else reject(new Error(`promtool ${args.join(' ')}\n${stdout}${stderr}`))
    })
  })
}

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'paysentry-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Starts Prometheus with a configuration file; resolves with its URL when it answers, and stops it with the test. */
export async function startPrometheus(configFile: string, folder: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let log = ''
  child.stderr.on('data', (part: Buffer) => {
    log += part.toString()
  })
  const ended = Promise.withResolvers<void>()
  let failure: string | null = null
  const end = (reason: string) => {
    failure = reason
    ended.resolve()
  }
  child.on('error', (error) => end(`prometheus cannot be started: ${error.message}. ${INSTALL}`))
  child.on('exit', (code) => end(`prometheus ended with ${code}:\n${log}`))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended.promise
  })
  const url = `http://${address}`
  await eventually(async () => {
    if (failure !== null) throw new Error(failure)
    return (await fetch(`${url}/-/ready`).catch(() => null))?.ok === true
  }, 'Prometheus is ready')
  return url
}

/** Asks again and again until the answer is true: what another program does can only be asked for. */
export async function eventually(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`still not so after 30 s: ${what}`)
    await delay(50)
  }
}

export interface QueryResult {
  readonly status: string
  readonly error?: string
  readonly data?: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] }
}

export async function query(prometheusUrl: string, expr: string): Promise<QueryResult> {
  const response = await fetch(`${prometheusUrl}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expr }),
  })
  return (await response.json()) as QueryResult
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** What `promtool check metrics` says of an exposition text; nothing when all is well. */
export function lintMetrics(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('promtool', ['check', 'metrics'], (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') reject(new Error(`promtool is not installed. ${INSTALL}`))
      else resolve(stdout + stderr)
    })
    child.stdin?.on('error', reject)
    child.stdin?.end(text)
  })
}
