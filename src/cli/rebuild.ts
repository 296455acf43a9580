// `paysentry rebuild`: the journals anew from the log, while processors go on deciding.
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { hideTimerWarning, kafkaClient, type LogSink } from '../log/kafka-client.ts'
import { openKafkaReplay, type Replay } from '../log/kafka-replay.ts'
import { topicNames } from '../log/topics.ts'
import { openJournaling, openSources } from '../rebuild/open-rebuild.ts'
import { type Phase, rebuild } from '../rebuild/rebuild.ts'
import { openRedisEditions, type RebuildTarget, type RedisEditions } from '../velocity/redis-rebuild.ts'
import { instant } from './option-values.ts'
import { abortOnSignal, configOfProcess } from './process-host.ts'
import { progressTo } from './progress.ts'
import { planText, rebuiltText, stateText } from './rebuild-text.ts'

interface RebuildOptions {
  readonly from?: string
  readonly since?: number
  readonly dryRun?: boolean
  readonly deleteOld?: boolean
  readonly acceptEmpty?: boolean
  readonly takeOver?: boolean
  readonly config?: string
}

/** What kafkajs has to say is of no use beside a progress bar; what goes wrong for good is thrown. */
const SILENT: LogSink = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export function rebuildCommand(): Command {
  return new Command('rebuild')
    .description('Make the journals in Redis anew from the topics, while processors go on deciding')
    .option('--from <file>', 'JSON Lines that are journaled before the topics, such as an archive of them')
    .option('--since <time>', 'leave out what came to the topics before (RFC 3339)', instant)
    .option('--dry-run', 'only say what would be read, and what is in force')
    .option(
      '--delete-old',
      'delete the journals that are no longer in force, in place of letting them expire',
    )
    .option('--take-over', 'end a rebuild that was broken off, or is running elsewhere')
    .option('--accept-empty', 'read nothing: take journals that Redis lost for what they are by now')
    .option('--config <file>', 'configuration file (YAML)')
    .action(run)
}

async function run(options: RebuildOptions): Promise<void> {
  const config = configOfProcess(options.config)
  if (config.redis.url === '') {
    throw new AppError(
      'CONFIG_INVALID',
      'redis.url is empty: journals in memory begin anew with their process',
    )
  }
  const editions = openRedisEditions({ ...config.redis, ...config.velocity })
  try {
    if (options.acceptEmpty === true) {
      await editions.acceptLoss()
      print(stateText(await editions.state()))
      return
    }
    await rebuildFrom(config, editions, options)
    if (options.deleteOld === true && options.dryRun !== true) {
      const deleted = await editions.deleteOthers(() => undefined)
      print(`Deleted ${deleted} journals that were no longer in force\n`)
    }
  } finally {
    await editions.close()
  }
}

async function rebuildFrom(config: Config, editions: RedisEditions, options: RebuildOptions): Promise<void> {
  const replay = await openReplay(config, options)
  if (options.dryRun === true) {
    print(stateText(await editions.state()) + planText((await replay?.left()) ?? 0, options.from ?? null))
    return
  }
  await work({ config, replay, target: await editions.begin(options.takeOver === true), options })
}

/** Null when there is a file and no Kafka. Throws CONFIG_INVALID when there is neither. */
async function openReplay(config: Config, { from, since }: RebuildOptions): Promise<Replay | null> {
  if (config.kafka.brokers.length === 0) {
    if (from !== undefined) return null
    throw new AppError(
      'CONFIG_INVALID',
      'kafka.brokers is empty: name the brokers, or a recording with --from',
    )
  }
  hideTimerWarning(process)
  const { events, labels } = topicNames(config.topics.prefix)
  const kafka = kafkaClient({ settings: config.kafka, sink: SILENT, lines: 'none' })
  return await openKafkaReplay(
    { kafka, clientId: config.kafka.clientId, sink: SILENT },
    { topics: [events, labels], sinceMs: since ?? Number.NEGATIVE_INFINITY },
  )
}

interface Work {
  readonly config: Config
  readonly replay: Replay | null
  readonly target: RebuildTarget
  readonly options: RebuildOptions
}

async function work({ config, replay, target, options }: Work): Promise<void> {
  const topics = topicNames(config.topics.prefix)
  const stop = new AbortController()
  const restore = abortOnSignal(stop)
  const startedAt = performance.now()
  const connectionBefore = target.store.generation()
  const journaling = openJournaling({ config, topics, store: target.store, signal: stop.signal })
  let bar = progressTo(process.stderr, '')
  const { recording, catchUp } = openSources({
    file: options.from ?? null,
    replay,
    topics,
    onProgress: (done, of) => bar(done, of, `  ${rate(journaling.counts, startedAt)} records/s`),
  })
  try {
    await rebuild({
      target,
      recording,
      catchUp,
      journal: journaling.add,
      now: () => performance.now(),
      onPhase(phase) {
        bar = progressTo(process.stderr, SAID[phase])
        if (!process.stderr.isTTY) process.stderr.write(`${SAID[phase]}\n`)
      },
    })
    await journaling.close()
  } catch (error) {
    if (!stop.signal.aborted) throw error
    throw new AppError('REBUILD_ENDED', 'stopped by a signal; the journals in force are as they were', {
      cause: error,
    })
  } finally {
    restore()
  }
  print(
    rebuiltText({
      edition: target.edition,
      counts: journaling.counts,
      seconds: (performance.now() - startedAt) / 1_000,
      interruptions: target.store.generation() - connectionBefore,
      deletesOld: options.deleteOld === true,
      retentionMs: config.velocity.retentionMs,
    }),
  )
}

const SAID: Readonly<Record<Phase, string>> = {
  fill: 'Filling the new edition',
  join: 'Every append goes to both editions now',
  rest: 'Reading what came meanwhile',
  switch: 'Switching',
}

function rate(
  { events, labels, rejected }: { events: number; labels: number; rejected: number },
  sinceMs: number,
) {
  return Math.round((events + labels + rejected) / Math.max(0.001, (performance.now() - sinceMs) / 1_000))
}

function print(text: string): void {
  process.stdout.write(text)
}

function ignore(): void {
  return undefined
}
