// `paysentry simulate`: simulated traffic to Kafka, to standard output or to a file.
import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { createEncoder } from '../simulator/encode.ts'
import { type Progress, publish } from '../simulator/publisher.ts'
import {
  CAMPAIGN_NAMES,
  createSimulator,
  DEFAULT_CUSTOMERS,
  DEFAULT_FRAUD_SHARE,
  EVENTS_A_DAY,
} from '../simulator/simulator.ts'
import { abortOnSignal } from './process-host.ts'
import { openTarget } from './target.ts'

interface SimulateOptions {
  readonly to: string
  readonly events?: number
  readonly rate?: number
  readonly seed: number
  readonly customers: number
  readonly fraudShare: number
  readonly campaign?: string[]
  readonly start?: number | 'now'
  readonly drift?: number | 'now'
  readonly poisonEvery?: number
  readonly config?: string
}

const DAY_MS = 86_400_000
const CLOCK_REACHED =
  'Simulated time has reached the clock: from here on events come at their own pace. For more at once, give an earlier --start or more --customers.'
/** Where simulated time starts in a file, so that the same command writes the same file. */
const FILE_START_MS = Date.UTC(2026, 0, 1)
const PROGRESS_EVERY_MS = 1_000
/** How far back traffic without an end starts: at 20,000 people 1.5 million events lie between then and now. */
const ENDLESS_DAYS = 30

/** The command `simulate`. */
export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description(
      'Publish simulated payment events and labels, with fraud in them: for trying out, tests and load',
    )
    .option('--to <target>', '"kafka", "stdout", or a file to write as JSON Lines', 'kafka')
    .option('--events <n>', 'payment events to send; endless if absent', wholeFrom(1))
    .option('--rate <n>', 'records a second; as fast as they are taken if absent', wholeFrom(1))
    .option('--seed <n>', 'the same seed gives the same traffic', wholeFrom(0), 1)
    .option(
      '--customers <n>',
      `people; each makes about ${EVENTS_A_DAY} events in a simulated day`,
      wholeFrom(10),
      DEFAULT_CUSTOMERS,
    )
    .option('--fraud-share <x>', 'fraud among the payments, 0 to 0.5', fraudShare, DEFAULT_FRAUD_SHARE)
    .addOption(new Option('--campaign <name...>', 'only these fraud campaigns').choices([...CAMPAIGN_NAMES]))
    .option(
      '--start <time>',
      'where simulated time starts: RFC 3339, or "now". Kafka: far enough back to end now, and never ahead of the clock; else 2026-01-01T00:00:00Z',
      startTime,
    )
    .option(
      '--drift <time>',
      'from then on habits and campaigns are others (docs/simulator.md): RFC 3339, or "now"',
      startTime,
    )
    .option('--poison-every <n>', 'make every n-th message a bad one, of seven kinds in turn', wholeFrom(2))
    .option('--config <file>', 'configuration file (YAML), for the brokers and the topics')
  return command.action((options: SimulateOptions) => simulate(command, options))
}

async function simulate(command: Command, options: SimulateOptions): Promise<void> {
  const stop = new AbortController()
  const target = openTarget(command, options, () => stop.abort())
  const { customers, seed } = options
  const startMs = startOf(options, Date.now())
  const campaigns = options.campaign ?? CAMPAIGN_NAMES
  const simulator = createSimulator({
    seed,
    customers,
    startMs,
    fraudShare: options.fraudShare,
    campaigns,
    ...driftOf(options.drift, Date.now()),
  })
  const encode = createEncoder({ topics: target.topics, poisonEvery: options.poisonEvery })
  const startedAtMs = performance.now()
  const line = createProgressLine(startedAtMs)
  const ignoreSignals = abortOnSignal(stop)
  let sent: Progress
  try {
    sent = await publish({
      next: () => simulator.next(),
      encode,
      send: target.send,
      events: options.events ?? Number.POSITIVE_INFINITY,
      ratePerSecond: options.rate ?? null,
      // Brokers and processors refuse what is ahead of their clock.
      notAheadOf: options.to === 'kafka' ? Date.now : null,
      now: () => performance.now(),
      wait: (ms) => delay(ms),
      signal: stop.signal,
      onProgress: (progress) => line.show(progress),
      onClockReached: () => line.note(CLOCK_REACHED),
    })
  } finally {
    ignoreSignals()
    await target.close()
  }
  const verdict = stop.signal.aborted ? 'stopped' : 'done'
  line.note(`${verdict}: ${describeProgress(sent, performance.now() - startedAtMs)}`)
}

function driftOf(drift: number | 'now' | undefined, nowMs: number): { readonly driftFromMs?: number } {
  return drift === undefined ? {} : { driftFromMs: drift === 'now' ? nowMs : drift }
}

/** `20000 events, 12 labels, 3 bad messages in 4.1 s (4883/s), simulated time 2026-01-01 09:13:22` */
export function describeProgress(progress: Progress, elapsedMs: number): string {
  const { events, labels, bad, simulatedMs } = progress
  const records = events + labels + bad
  const rate = elapsedMs > 0 ? Math.round(records / (elapsedMs / 1_000)) : 0
  const parts = [`${events} events`, `${labels} labels`]
  if (bad > 0) parts.push(`${bad} bad messages`)
  const until = Number.isNaN(simulatedMs)
    ? ''
    : `, simulated time ${new Date(simulatedMs).toISOString().slice(0, 19).replace('T', ' ')}`
  return `${parts.join(', ')} in ${(elapsedMs / 1_000).toFixed(1)} s (${rate}/s)${until}`
}

/**
 * Where simulated time starts, epoch milliseconds. Kafka: so far back that the last event is about now, or 30 days when there is
 * no last one; else a fixed date, so that the same command gives the same bytes.
 */
export function startOf(
  { start, to, events, customers }: Pick<SimulateOptions, 'start' | 'to' | 'events' | 'customers'>,
  nowMs: number,
): number {
  if (start === 'now') return nowMs
  if (start !== undefined) return start
  if (to !== 'kafka') return FILE_START_MS
  // A third more than the average takes, so that a quiet night does not end at the clock.
  const days = events === undefined ? ENDLESS_DAYS : Math.max(1, (1.3 * events) / (customers * EVENTS_A_DAY))
  return Math.max(0, Math.floor(nowMs - days * DAY_MS))
}

function createProgressLine(startedAtMs: number) {
  const { isTTY } = process.stderr
  let shownAtMs = startedAtMs
  return {
    show(progress: Progress): void {
      const nowMs = performance.now()
      if (!isTTY || nowMs - shownAtMs < PROGRESS_EVERY_MS) return
      shownAtMs = nowMs
      process.stderr.write(`\r\u001b[K${describeProgress(progress, nowMs - startedAtMs)}`)
    },
    note(text: string): void {
      process.stderr.write(`${isTTY ? '\r\u001b[K' : ''}${text}\n`)
    },
  }
}

function wholeFrom(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min}.`)
  }
}

function fraudShare(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 0.5) return value
  throw new InvalidArgumentError('It must be a number from 0 to 0.5, such as 0.004.')
}

function startTime(text: string): number | 'now' {
  if (text === 'now') return text
  const ms = Date.parse(text)
  if (/^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text) && ms >= 0) return ms
  throw new InvalidArgumentError('It must be "now" or an RFC 3339 time, such as 2026-01-01T00:00:00Z.')
}
