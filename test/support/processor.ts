// A paysentry process of its own, for tests that kill one. The caller stops it; output is kept for failure messages.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

export interface Processor {
  readonly pid: number
  /** Address of its HTTP server, once ready. */
  readonly address: string
  /** All that it has written so far. */
  output(): string
  /** SIGTERM unless another signal is given, and the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
  /** Resolves when the process has ended in whatever way. */
  readonly exited: Promise<unknown>
}

/** Starts `paysentry run` with the given settings and resolves when it says that it is ready. */
export function startProcessor(
  env: Readonly<Record<string, string>>,
  command: readonly string[] = ['src/main.ts', 'run'],
): Promise<Processor> {
  const settings = { PAYSENTRY_HTTP_HOST: '127.0.0.1', PAYSENTRY_HTTP_PORT: '0', ...env }
  return startPaysentry(command, settings, /"address":"(http:[^"]+)".*"msg":"ready"/)
}

export interface Supervisor {
  /** How often it was started again. */
  deaths(): number
  /** Ends it for good. */
  stop(): Promise<void>
}

/** Keeps a `paysentry run` running: starts it, and starts it again whenever it was killed. `nodeArgs` go to Node. */
export function superviseProcessor(
  env: Readonly<Record<string, string>>,
  nodeArgs: readonly string[],
): Supervisor {
  const settings = { PAYSENTRY_HTTP_HOST: '127.0.0.1', PAYSENTRY_HTTP_PORT: '0', ...env }
  let deaths = 0
  const stopping = new AbortController()
  let child: ChildProcess | null = null
  const supervise = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const spawned = spawnPaysentry([...nodeArgs, 'src/main.ts', 'run'], settings)
      child = spawned.child
      await once(child, 'exit')
      if (child.signalCode === 'SIGKILL') deaths++
      else if (!stopping.signal.aborted)
        throw new Error(`paysentry ended with ${child.exitCode}:\n${spawned.output()}`)
    }
  }
  const ended = supervise()
  // Told by `stop`; until then a test waits for something that does not come, and runs into its time-out.
  ended.catch(() => undefined)
  return {
    deaths: () => deaths,
    async stop() {
      stopping.abort()
      child?.kill('SIGTERM')
      await ended
    },
  }
}

/** Starts `paysentry start` and resolves when it has greeted the person at the terminal. */
export function startDemo(args: readonly string[]): Promise<Processor> {
  return startPaysentry(
    ['src/main.ts', 'start', '--port', '0', ...args],
    {},
    /decide +POST (http:\S+)\/v1\/events/,
  )
}

/** Starts a command that serves until it is stopped; `ready` finds the address in its output. */
async function startPaysentry(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<Processor> {
  const { child, output } = spawnPaysentry(command, env)
  const exited = once(child, 'exit')
  const address = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const found = ready.exec(output())?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('exit', (code) =>
      reject(new Error(`paysentry ended with ${code} before it was ready:\n${output()}`)),
    )
  })
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
    return child.exitCode
  }
  return {
    pid: child.pid ?? -1,
    address,
    output,
    exited,
    stop: (signal = 'SIGTERM') => end(signal),
    kill: async () => {
      await end('SIGKILL')
    },
  }
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command to its end, such as `['rules', 'check']`. */
export async function runPaysentry(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { child, stdout, stderr } = spawnPaysentry(['src/main.ts', ...args], env)
  await once(child, 'close')
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() }
}

function spawnPaysentry(command: readonly string[], env: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, command, {
    cwd: ROOT,
    env: { ...withoutSettings(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out: string[] = []
  const err: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => err.push(text))
  return {
    child,
    stdout: () => out.join(''),
    stderr: () => err.join(''),
    output: () => out.join('') + err.join(''),
  }
}

/** Settings of the person who runs the tests must not change what is tested. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PAYSENTRY_')))
}
