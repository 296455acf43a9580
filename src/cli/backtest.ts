// `paysentry backtest`: what a rule set would have done to recorded traffic.
import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { LEAST_CACHE_BYTES, type Progress, runBacktest } from '../backtest/backtest.ts'
import { loadBacktestKnowledge } from '../backtest/load.ts'
import { reportPage } from '../backtest/page.ts'
import { fileRecording, type Recording } from '../backtest/recording.ts'
import { reportOf } from '../backtest/report.ts'
import { topicRecording } from '../backtest/topic-recording.ts'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { topicNames } from '../log/topics.ts'
import { backtestText } from './backtest-text.ts'
import { openCommandLog } from './command-log.ts'
import { instant } from './option-values.ts'
import { configOfProcess, terminalOf } from './process-host.ts'
import { progressTo } from './progress.ts'

interface BacktestCommandOptions {
  readonly from: string
  readonly rules?: string
  readonly against?: string
  readonly unlabelled: 'genuine' | 'unknown'
  readonly since?: number
  readonly until?: number
  readonly json?: string
  readonly html?: string
  readonly config?: string
}

export function backtestCommand(): Command {
  return new Command('backtest')
    .description('Play recorded traffic through the pipeline and judge the rules by its labels')
    .requiredOption(
      '--from <source>',
      '"topic" for the events and labels in Kafka, or a file of JSON Lines, as "paysentry simulate --to FILE" writes them',
    )
    .option('--rules <folder>', 'folder of the rule files; the setting rules.dir if absent')
    .option('--against <folder>', 'rules to compare with, such as the ones that run now')
    .addOption(
      new Option('--unlabelled <truth>', 'what a payment without a label counts as')
        .choices(['genuine', 'unknown'])
        .default('genuine'),
    )
    .option('--since <time>', 'judge only events from then on (all are played: windows look back)', instant)
    .option(
      '--until <time>',
      'judge only events before; labels come late, so leave the last weeks out',
      instant,
    )
    .option('--json <file>', 'write all figures as JSON')
    .option('--html <file>', 'write a page with plots, which needs nothing else')
    .option('--config <file>', 'configuration file (YAML), for the model, the rates and Kafka')
    .action(backtest)
}

async function backtest(options: BacktestCommandOptions): Promise<void> {
  const given = configOfProcess(options.config)
  const config =
    options.rules === undefined ? given : { ...given, rules: { ...given.rules, dir: options.rules } }
  const { knowledge, against } = await loadBacktestKnowledge(config, options.against)
  const { rates, scorer } = knowledge
  const source = await openSource(options, config).catch((error: unknown) => {
    scorer?.close()
    throw error
  })
  try {
    const counts = await runBacktest({
      recording: source.recording,
      knowledge,
      against,
      unlabelled: options.unlabelled,
      horizons: config.velocity,
      cacheBytes: Math.max(config.velocity.cacheBytes, LEAST_CACHE_BYTES),
      maxMessageBytes: config.limits.maxMessageBytes,
      maxFutureSkewMs: config.velocity.maxFutureSkewMs,
      sinceMs: options.since ?? Number.NEGATIVE_INFINITY,
      untilMs: options.until ?? Number.POSITIVE_INFINITY,
      onProgress: progress(process.stderr),
    })
    const report = reportOf(counts, {
      file: source.name,
      currency: rates.base,
      minorPerMajor: rates.minorPerMajor,
      unlabelled: options.unlabelled,
      model: scorer?.version ?? null,
    })
    if (options.json !== undefined) write(options.json, `${JSON.stringify(report, null, 2)}\n`, '--json')
    if (options.html !== undefined) write(options.html, reportPage(report), '--html')
    process.stdout.write(backtestText(report, terminalOf(process.stdout)))
  } finally {
    scorer?.close()
    await source.close()
  }
}

interface Source {
  /** In the report. */
  readonly name: string
  readonly recording: Recording
  close(): Promise<void>
}

/** A file that is called "topic" can be named as "./topic". */
async function openSource({ from, since }: BacktestCommandOptions, config: Config): Promise<Source> {
  if (from !== 'topic') {
    return { name: from, recording: fileRecording(from), close: () => Promise.resolve() }
  }
  const log = openCommandLog(
    config,
    'set PAYSENTRY_KAFKA_BROKERS, or name a file of recorded traffic with --from',
  )
  try {
    const topics = topicNames(config.topics.prefix)
    const { retentionMs, maxFutureSkewMs } = config.velocity
    // Nothing older is in a journal when the first event is judged. An event may arrive before its own time.
    const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : since - retentionMs - maxFutureSkewMs
    const recording = await topicRecording({ log, topics, sinceMs })
    return { name: topics.events, recording, close: () => log.close() }
  } catch (error) {
    await log.close()
    throw error
  }
}

function write(path: string, text: string, option: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `${option} ${path} cannot be written`, { cause: error })
  }
}

/** A bar for each pass over the recording; behind it the rate and the time that is left. */
function progress(stream: NodeJS.WriteStream): (progress: Progress) => void {
  const bars = { labels: progressTo(stream, 'Reading labels'), events: progressTo(stream, 'Playing events') }
  let startedAtMs = performance.now()
  let phase: Progress['phase'] = 'labels'
  return (now) => {
    if (now.phase !== phase) startedAtMs = performance.now()
    phase = now.phase
    const seconds = (performance.now() - startedAtMs) / 1_000
    const leftSeconds = (seconds * (now.of - now.done)) / Math.max(1, now.done)
    const rate = phase === 'events' ? `  ${Math.round(now.events / Math.max(seconds, 0.001))} events/s` : ''
    bars[phase](now.done, now.of, `${rate}  ${Math.ceil(leftSeconds)} s left`)
  }
}
