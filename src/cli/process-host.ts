// What the commands that run a processor share: configuration from the process, its log, and stopping on a signal.
import packageJson from '../../package.json' with { type: 'json' }
import type { App } from '../app.ts'
import { type Config, loadConfig } from '../config.ts'
import { AppError } from '../errors.ts'
import { maskCardNumbers } from '../payment/card-number.ts'
import type { Terminal } from './terminal-view.ts'
import { createLogger, type Logger, secretsOf } from '../telemetry/logger.ts'

export const VERSION = packageJson.version

/** The configuration from the file named on the command line or in PAYSENTRY_CONFIG, and the environment. */
export function configOfProcess(
  file: string | undefined,
  overrides: Readonly<Record<string, string>> = {},
): Config {
  // oxlint-disable-next-line node/no-process-env -- the command line is where the environment comes in
  const env = { ...process.env, ...overrides }
  return loadConfig({ file: file ?? env['PAYSENTRY_CONFIG'], env })
}

/** JSON lines on standard error when a machine reads it, readable lines on a terminal. */
export function loggerOfProcess(config: Config, destination: NodeJS.WriteStream): Logger {
  return createLogger({
    level: config.log.level,
    format: destination.isTTY ? 'text' : 'json',
    secrets: secretsOf(config),
    maskCardNumbers,
    destination,
  })
}

/** Colours only where a person looks; a pipe gets lines of 120 columns. */
export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    width: stream.columns ?? 120,
    // oxlint-disable-next-line node/no-process-env -- https://no-color.org
    colour: stream.isTTY && process.env['NO_COLOR'] === undefined,
  }
}

/** Wall clock in epoch milliseconds, with fractions and without steps. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Aborts at the first SIGINT or SIGTERM, once; a second one ends the process. Returns what takes that back. */
export function abortOnSignal(stop: AbortController): () => void {
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
}

export interface StopOptions {
  readonly deadlineMs: number
  /** When this resolves the app is stopped as by a signal; what it rejects with ends the app. */
  readonly work?: Promise<unknown>
  readonly onStop: (reason: string) => void
}

/**
 * Stops the app at the first SIGINT or SIGTERM, or when its work is done, and resolves when it has stopped. Rejects when the
 * app ends by itself, and with STOP_FORCED at a further signal or when it has not stopped within the deadline.
 */
export async function untilStopped(app: App, options: StopOptions): Promise<void> {
  const first = Promise.withResolvers<string>()
  const further = Promise.withResolvers<never>()
  // It may come while nobody waits for it.
  further.promise.catch(() => undefined)
  let signals = 0
  const handler = (signal: string): void => {
    signals++
    if (signals === 1) first.resolve(signal)
    else further.reject(new AppError('STOP_FORCED', `${signal} while it was being stopped`))
  }
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  const reasons = [first.promise, app.finished.then(() => 'finished')]
  if (options.work !== undefined) reasons.push(options.work.then(() => 'done'))
  try {
    options.onStop(await Promise.race(reasons))
  } finally {
    await withDeadline(Promise.race([app.stop(), further.promise]), options.deadlineMs)
    process.off('SIGINT', handler)
    process.off('SIGTERM', handler)
  }
}

async function withDeadline(stopping: Promise<unknown>, deadlineMs: number): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new AppError('STOP_FORCED', `shutdown.deadlineMs (${deadlineMs} ms) is over`)),
    deadlineMs,
  )
  try {
    await Promise.race([stopping, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
