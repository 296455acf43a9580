// `paysentry dead-letters`: looks at the messages that could not be decided, and publishes them again once the cause is mended.
import { Command, InvalidArgumentError } from 'commander'
import {
  type DeadLetter,
  type DeadLetterFilter,
  readDeadLetters,
  readRecords,
} from '../log/dead-letter-reader.ts'
import { replayDeadLetters, type ReplayResult } from '../log/dead-letter-replay.ts'
import type { EventLog } from '../log/event-log.ts'
import { type TopicNames, topicNames } from '../log/topics.ts'
import { parseDuration } from '../rules/duration.ts'
import { openCommandLog } from './command-log.ts'
import { countsOf, deadLetterTable, deadLetterText } from './dead-letter-view.ts'
import { EXIT } from './exit-codes.ts'
import { positive } from './option-values.ts'
import { abortOnSignal, configOfProcess } from './process-host.ts'
import { progressTo } from './progress.ts'

const DEFAULT_SHOWN = 50

interface FilterOptions {
  readonly code?: string[]
  readonly stage?: string
  readonly topic?: string
  readonly key?: string
  readonly since?: number
  readonly until?: number
  readonly config?: string
}

interface ListOptions extends FilterOptions {
  readonly limit: number
  readonly json?: boolean
}

interface ReplayCommandOptions extends FilterOptions {
  readonly all?: boolean
  readonly again?: boolean
  readonly dryRun?: boolean
}

/** The command `dead-letters` with `list`, `show` and `replay`. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('Look at dead letters, and replay them')
  filtered(
    command.command('list').description('Show dead letters with their reasons, and how many there are'),
  )
    .option('--limit <n>', 'letters to show, the newest', positive, DEFAULT_SHOWN)
    .option('--json', 'print all of them as JSON')
    .action((options: ListOptions) => withLog(options, (log, topics) => list(log, topics, options)))
  command
    .command('show')
    .description('Show one dead letter whole: every header, and the value as it is stored')
    .argument('<position>', '<partition>/<offset>, as "list" shows it', position)
    .option('--config <file>', 'configuration file (YAML)')
    .action((at: string, options: FilterOptions) => withLog(options, (log, topics) => show(log, topics, at)))
  filtered(
    command
      .command('replay')
      .description(
        'Publish dead letters again, to the topics that they came from. One that was replayed is left out, and so is one that lost a card number',
      )
      .argument('[positions...]', 'only these: <partition>/<offset>', positions),
  )
    .option('--all', 'all that are open; needed when no filter and no position is given')
    .option('--again', 'also those that were replayed before')
    .option('--dry-run', 'only say what would be replayed')
    .action((only: string[], options: ReplayCommandOptions, replayCommand: Command) =>
      withLog(options, (log, topics) => replay(replayCommand, { log, topics, only, options })),
    )
  return command
}

function filtered(command: Command): Command {
  return command
    .option('--code <code...>', 'only these error codes')
    .option('--stage <stage>', 'only those that this stage rejected')
    .option('--topic <topic>', 'only those that came from this topic')
    .option('--key <key>', 'only those with this key')
    .option('--since <time>', 'rejected at this time or later: RFC 3339, or how long ago, such as 2h', time)
    .option('--until <time>', 'rejected before this time, in the same forms', time)
    .option('--config <file>', 'configuration file (YAML)')
}

function filterOf(options: FilterOptions, only: readonly string[] = []): DeadLetterFilter {
  const { code, stage, topic, key, since, until } = options
  return {
    ...(only.length === 0 ? {} : { positions: new Set(only) }),
    ...(code === undefined ? {} : { codes: new Set(code) }),
    ...(stage === undefined ? {} : { stage }),
    ...(topic === undefined ? {} : { topic }),
    ...(key === undefined ? {} : { key }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  }
}

async function list(log: EventLog, topics: TopicNames, options: ListOptions): Promise<void> {
  const letters = await readDeadLetters(log, topics, filterOf(options))
  const json = (): string => `${JSON.stringify({ ...countsOf(letters), letters }, null, 2)}\n`
  process.stdout.write(options.json === true ? json() : deadLetterTable(letters, options.limit))
}

async function show(log: EventLog, topics: TopicNames, at: string): Promise<void> {
  const only = new Set([at])
  const [letter] = await readDeadLetters(log, topics, { positions: only })
  const record = (await readRecords(log, topics.deadLetters, only)).get(at)
  if (letter === undefined || record === undefined) {
    process.stderr.write(
      `paysentry: ${topics.deadLetters} has no dead letter at ${at}; "list" shows those it has\n`,
    )
    process.exitCode = EXIT.failed
    return
  }
  process.stdout.write(deadLetterText(letter, record))
}

interface ReplayRun {
  readonly log: EventLog
  readonly topics: TopicNames
  readonly only: readonly string[]
  readonly options: ReplayCommandOptions
}

async function replay(command: Command, { log, topics, only, options }: ReplayRun): Promise<void> {
  const filter = filterOf(options, only)
  if (Object.keys(filter).length === 0 && options.all !== true) {
    return command.error('error: say which: positions, a filter such as --code, or --all')
  }
  const letters = await readDeadLetters(log, topics, filter)
  const chosen = letters.filter(
    ({ state }) => state === 'open' || (state === 'replayed' && options.again === true),
  )
  const leftOut = letters.filter((letter) => !chosen.includes(letter))
  if (options.dryRun === true) {
    process.stdout.write(
      `${deadLetterTable(chosen, chosen.length)}\n${leftOutText(leftOut)}nothing was replayed (--dry-run)\n`,
    )
    return
  }
  const stop = new AbortController()
  const ignoreSignals = abortOnSignal(stop)
  try {
    const onProgress = progressTo(process.stderr, 'Replaying')
    const result = await replayDeadLetters(chosen, { log, topics, onProgress, signal: stop.signal })
    process.stdout.write(`${leftOutText(leftOut)}${resultText(result)}`)
    if (result.left > 0) process.exitCode = EXIT.failed
  } finally {
    ignoreSignals()
  }
}

function resultText({ replayed, gone, left }: ReplayResult): string {
  const parts = [`${replayed} replayed`]
  if (gone > 0) parts.push(`${gone} gone meanwhile (retention)`)
  if (left > 0) parts.push(`${left} left: stopped; the same command goes on`)
  return `${parts.join(', ')}\n`
}

/** Why letters that passed the filter are not replayed, a line for each reason. */
function leftOutText(letters: readonly DeadLetter[]): string {
  const count = (state: DeadLetter['state']): number => letters.filter((l) => l.state === state).length
  const lines = [
    [count('replayed'), 'were replayed before; --again replays them once more'],
    [
      count('masked'),
      'lost card numbers when they were stored: the publisher must send them again, with tokens',
    ],
    [count('foreign'), 'came from a topic that is no input of this configuration (topics.prefix)'],
  ] as const
  return lines.map(([n, why]) => (n === 0 ? '' : `left out: ${n} ${why}\n`)).join('')
}

async function withLog(
  options: { readonly config?: string },
  work: (log: EventLog, topics: TopicNames) => Promise<void>,
): Promise<void> {
  const config = configOfProcess(options.config)
  const log = openCommandLog(
    config,
    'dead letters of the in-process log are gone with its process; POST /v1/events answers with the reason instead',
  )
  try {
    await work(log, topicNames(config.topics.prefix))
  } finally {
    await log.close()
  }
}

function position(text: string): string {
  if (/^\d+\/\d+$/.test(text)) return text
  throw new InvalidArgumentError('It must be <partition>/<offset>, such as 3/118.')
}

function positions(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), position(text)]
}

/** Epoch milliseconds. */
function time(text: string): number {
  const agoMs = parseDuration(text)
  if (agoMs !== null) return Date.now() - agoMs
  const ms = Date.parse(text)
  if (/^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(ms)) return ms
  throw new InvalidArgumentError(
    'It must be RFC 3339, such as 2026-03-01T12:00:00Z, or a length of time, such as 2h.',
  )
}
