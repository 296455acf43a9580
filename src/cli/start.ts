// `paysentry start`: the whole product in one process with simulated traffic, for a first look. The pipeline is the same as
// in `run`; only the log and the journals are in memory.
import { Command } from 'commander'
import { startApp } from '../app.ts'
import { type Config, configEntries } from '../config.ts'
import { topicNames } from '../log/topics.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { createDemo, type Demo } from './demo.ts'
import { positive, whole } from './option-values.ts'
import { configOfProcess, loggerOfProcess, now, terminalOf, untilStopped, VERSION } from './process-host.ts'
import { progressTo } from './progress.ts'
import { createTally } from './tally.ts'
import { heldLines, summaryLine, welcome } from './terminal-view.ts'

const SUMMARY_EVERY_MS = 5_000

interface StartOptions {
  readonly simulate: boolean
  readonly rate: number
  readonly seed: number
  readonly history: number
  readonly events?: number
  readonly port?: number
  readonly config?: string
}

export function startCommand(): Command {
  return new Command('start')
    .description('Try paysentry: everything in this process, with simulated traffic (npm start)')
    .option('--no-simulate', 'start idle: only what you POST is decided')
    .option('--rate <n>', 'simulated events a second', positive, 200)
    .option('--seed <n>', 'seed of the simulated traffic', whole, 1)
    .option(
      '--history <n>',
      'simulated events to learn habits from before the first decision is shown',
      whole,
      30_000,
    )
    .option('--events <n>', 'stop after this many events', positive)
    .option('--port <n>', 'port of the HTTP server on 127.0.0.1 (default 9464)', whole)
    .option('--config <file>', 'configuration file (YAML); brokers and Redis in it are not used')
    .addHelpText('after', () => HELP + settings())
    .action(start)
}

const HELP = `
What it shows
  One line for each decision that is not "allow": action, event time, type, amount, the model's score, reasons.
  Every 5 seconds a summary: events a second, decisions by action, time in the pipeline, and how many of the simulated
  frauds and genuine payments were flagged (not allowed). Simulated time runs faster than the clock: days pass in minutes.

HTTP, on 127.0.0.1
  POST /v1/events   one event, an array, or a line each (NDJSON); the answer is the decision
  GET  /metrics     for Prometheus
  GET  /livez       is the process alive
  GET  /readyz      does it take events, and if not, why

The other commands: npm run paysentry -- --help
`

/** Every setting with its default, for the end of the help. */
function settings(): string {
  const lines = configEntries().map(({ path, env, description, defaultValue }) => {
    const value = Array.isArray(defaultValue) || defaultValue === '' ? 'empty' : String(defaultValue)
    return `  ${env}\n      ${description.replaceAll('`', '')} (${value}; ${path} in a file)`
  })
  return `\nSettings, as environment variables or in a YAML file\n${lines.join('\n')}`
}

async function start(options: StartOptions): Promise<void> {
  const config = embeddedConfig(options)
  const terminal = terminalOf(process.stdout)
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const tally = createTally(now())
  let demo: Demo | null = null
  let quiet = options.simulate
  const app = await startApp({
    config,
    version: VERSION,
    logger: loggerOfProcess(config, process.stderr),
    metrics: createMetrics({ alertsTopic: topicNames(config.topics.prefix).alerts, now }),
    now,
    onCompleted(batch) {
      demo?.completed(batch)
      tally.completed(batch, now())
      if (!quiet) for (const line of heldLines(batch, terminal)) print(line)
    },
  })
  const { ruleSet, scorer } = app.knowledge
  print(
    `paysentry ${VERSION}: ${ruleSet.size} rules, model ${scorer?.version ?? 'none'}, all in this process`,
  )

  let work: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const summary = (): void =>
    print(summaryLine({ ...tally.take(now()), ...(demo === null ? {} : { truth: demo.truth() }) }, terminal))
  const greet = (): void => {
    quiet = false
    tally.take(now())
    print(welcome(app.address))
    timer = setInterval(summary, SUMMARY_EVERY_MS)
  }
  if (options.simulate) {
    demo = createDemo({ log: app.log, topics: app.topics, seed: options.seed, startMs: now() })
    work = demo.run({
      ...options,
      onProgress: progressTo(process.stderr, 'Learning habits from simulated history'),
      onLearnt: greet,
    })
  } else {
    greet()
  }
  try {
    await untilStopped(app, {
      deadlineMs: config.shutdown.deadlineMs,
      ...(work === undefined ? {} : { work }),
      onStop: () => {
        demo?.stop()
        print('Stopping: finishing what is in hand')
      },
    })
  } finally {
    clearInterval(timer)
  }
  summary()
  print('Stopped')
}

/** The configuration of the process, without Kafka and Redis. */
function embeddedConfig(options: StartOptions): Config {
  const port = options.port === undefined ? {} : { PAYSENTRY_HTTP_PORT: String(options.port) }
  const config = configOfProcess(options.config, port)
  return { ...config, kafka: { ...config.kafka, brokers: [] }, redis: { ...config.redis, url: '' } }
}
