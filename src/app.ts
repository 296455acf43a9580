// The composition root: builds every part in order and takes them down in the opposite one.
// Whatever can be wrong in files is found, all of it, before the processor connects to anything.
import type { Batch } from './batch.ts'
import type { Config } from './config.ts'
import { createDecideStage } from './decision/decide.ts'
import type { AppError } from './errors.ts'
import { createIntake, type Intake } from './intake.ts'
import { type Knowledge, loadKnowledge } from './knowledge.ts'
import { deadLetter } from './log/dead-letter.ts'
import type { Consumer, EventLog } from './log/event-log.ts'
import { createInProcessLog, type InProcessLog } from './log/in-process-log.ts'
import { createKafkaLog } from './log/kafka-log.ts'
import { type TopicNames, topicNames } from './log/topics.ts'
import { createScoreStage } from './model/score-stage.ts'
import { maskRecord } from './payment/card-mask.ts'
import { createDecodeStage } from './payment/decode.ts'
import { payerKey } from './payment/payer-key.ts'
import { createPipeline, type PipelineObserver } from './pipeline.ts'
import { createRulesStage } from './rules/rules-stage.ts'
import { createRunner, type Runner } from './runner.ts'
import { createHttpServer, type ReadinessCheck } from './telemetry/http.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { JournalStore } from './velocity/journal-store.ts'
import { createMemoryStore } from './velocity/memory-store.ts'
import { createPseudonymiser } from './velocity/pseudonym.ts'
import { createRedisStore } from './velocity/redis-store.ts'
import { createVelocityStage, emptyWindows, type VelocityStage } from './velocity/velocity.ts'

/** Pseudonyms of a processor that keeps everything in memory need no secret: they die with it. */
const MEMORY_ONLY_KEY = '00'.repeat(16)
/** After this part of the shutdown deadline, batches that cannot be finished are given up. */
const PATIENT_SHARE = 0.75
const LOOPBACK = '127.0.0.1'

export interface AppOptions {
  readonly config: Config
  readonly version: string
  readonly logger: Logger
  readonly metrics: Metrics
  /** Epoch milliseconds, with fractions. */
  readonly now: () => number
  /** Told of every committed batch, after the metrics. */
  readonly onCompleted?: (batch: Batch) => void
}

export interface App {
  /** Base URL of the HTTP server. */
  readonly address: string
  readonly log: EventLog
  readonly topics: TopicNames
  readonly knowledge: Knowledge
  /** Resolves after `stop`; rejects with the error that ended the processor. */
  readonly finished: Promise<void>
  /** Readiness goes first; then batches in hand are finished, the group is left and connections are closed. */
  stop(): Promise<void>
}

/**
 * Builds and starts a processor. Without Kafka its log is in this process, with one partition: then the order of arrival is
 * the order of everything, and a run can be repeated to the byte.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, logger, metrics } = options
  const knowledge = await loadKnowledge(config)
  metrics.setBuildInfo({
    version: options.version,
    ruleSet: knowledge.ruleSet.hash,
    model: knowledge.scorer?.version ?? null,
  })
  const topics = topicNames(config.topics.prefix)
  const store = openStore(options)
  const embedded =
    config.kafka.brokers.length === 0 ? createInProcessLog({ partitions: 1, now: options.now }) : null
  const log: EventLog = embedded ?? openKafka(options)
  const intake = embedded === null ? null : openIntake(embedded, topics)
  const ended = Promise.withResolvers<void>()
  const state: State = { store, velocity: null, consumer: null, runner: null, stopping: false, failed: false }

  const fail = (error: unknown): void => {
    state.failed = true
    ended.reject(error)
  }
  const http = createHttpServer({
    host: embedded === null ? config.http.host : LOOPBACK,
    port: config.http.port,
    metrics,
    logger,
    isLive: () => !state.failed,
    readiness: () => readiness(state),
    ...(intake === null ? {} : { submit: intake.submit }),
  })
  const closeAll = async (): Promise<void> => {
    await http.close()
    await log.close()
    await state.velocity?.coalescer.close()
    await store.close()
    knowledge.scorer?.close()
  }
  try {
    const address = await http.listen()
    await store.ping()
    const velocity = openVelocity(options, knowledge, store)
    state.velocity = velocity
    const runner = openRunner(options, { knowledge, velocity, topics, intake, fail })
    state.runner = runner
    const consumer = await log.consume({
      topics: [topics.events, topics.labels],
      groupId: config.kafka.groupId,
      maxBatchRecords: config.batch.maxRecords,
      concurrentPartitions: config.batch.concurrentPartitions,
      from: 'earliest',
      publishesTo: [topics.decisions, topics.alerts, topics.deadLetters],
      onBatch: (batch) => runner.run(batch),
    })
    state.consumer = consumer
    consumer.finished.catch(fail)
    return {
      address,
      log,
      topics,
      knowledge,
      finished: ended.promise,
      async stop() {
        if (state.stopping) return ended.promise.catch(() => undefined)
        state.stopping = true
        const giveUp = setTimeout(() => {
          logger.warn({}, 'Batches in hand were not finished in time; they come again to the next owner')
          runner.stop()
        }, config.shutdown.deadlineMs * PATIENT_SHARE)
        await consumer.stop()
        clearTimeout(giveUp)
        await closeAll()
        ended.resolve()
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

interface State {
  readonly store: JournalStore
  velocity: VelocityStage | null
  consumer: Consumer | null
  runner: Runner | null
  stopping: boolean
  failed: boolean
}

async function readiness({ store, consumer, runner, stopping }: State): Promise<ReadinessCheck[]> {
  const storeProblem = await store.ping().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  return [
    { name: 'not stopping', problem: stopping ? 'the processor is being stopped' : null },
    { name: `journals (${store.kind})`, problem: storeProblem },
    { name: 'consumer group', problem: consumer?.isJoined() === true ? null : 'not joined' },
    { name: 'batches', problem: runner?.isRetrying() === true ? 'a batch waits for its next try' : null },
  ]
}

function openStore({ config, now, metrics, logger }: AppOptions): JournalStore {
  return config.redis.url === ''
    ? createMemoryStore({ retentionMs: config.velocity.retentionMs, now })
    : createRedisStore({ ...config.redis, ...config.velocity, logger, metrics })
}

function openKafka({ config, now, logger }: AppOptions): EventLog {
  return createKafkaLog({
    settings: config.kafka,
    concurrentSends: config.batch.concurrentPartitions,
    now,
    sink: logger,
  })
}

function openIntake(log: InProcessLog, topics: TopicNames): Intake {
  return createIntake({
    topic: topics.events,
    append: log.append,
    behind: () => log.behind(topics.events),
    keyOf: payerKey,
  })
}

function openVelocity(
  { config, logger, metrics }: AppOptions,
  { windows, rates }: Knowledge,
  store: JournalStore,
): VelocityStage {
  const velocity = createVelocityStage({
    store,
    windows,
    pseudonymiser: createPseudonymiser(pseudonymKey(config)),
    horizons: config.velocity,
    cacheBytes: config.velocity.cacheBytes,
    minorPerMajor: rates.minorPerMajor,
    observer: {
      coalesced: metrics.countCoalesced,
      failed(error) {
        metrics.countCoalesceFailure()
        logger.warn({ err: error }, 'A journal could not be coalesced; it is tried again when it has grown')
      },
    },
  })
  metrics.bindJournalCache(velocity.cacheFigures)
  return velocity
}

function pseudonymKey({ privacy }: Config): string {
  return privacy.pseudonymKey === '' ? MEMORY_ONLY_KEY : privacy.pseudonymKey
}

interface RunnerParts {
  readonly knowledge: Knowledge
  readonly velocity: VelocityStage
  readonly topics: TopicNames
  readonly intake: Intake | null
  readonly fail: (error: AppError) => void
}

function openRunner(options: AppOptions, parts: RunnerParts): Runner {
  const { config, logger, metrics, now } = options
  const { knowledge, velocity, topics, intake } = parts
  const { rates, windows, scorer, ruleSet } = knowledge
  const observer: PipelineObserver = {
    stage: metrics.observeStage,
    completed(batch) {
      metrics.observeBatch(batch, now())
      intake?.completed(batch)
      options.onCompleted?.(batch)
    },
  }
  const pseudonymiser = createPseudonymiser(pseudonymKey(config))
  const noWindows = emptyWindows(windows)
  const pipeline = createPipeline(
    {
      decode: createDecodeStage({
        topics,
        pseudonymiser,
        rates,
        missingRate: config.money.missingRate,
        newWindows: () => noWindows.slice(),
        maxMessageBytes: config.limits.maxMessageBytes,
        maxFutureSkewMs: config.velocity.maxFutureSkewMs,
      }),
      velocity,
      score: createScoreStage(scorer),
      rules: createRulesStage(ruleSet),
      decide: createDecideStage({
        topics,
        processor: config.kafka.clientId,
        now,
        thresholds: ruleSet.thresholds,
        versions: { ruleSet: ruleSet.hash, model: scorer?.version ?? null, rates: rates.version },
        missingRate: config.money.missingRate,
        deadLetter: (rejected, nowMs) => deadLetter(rejected, { topics, nowMs, mask: maskRecord }),
      }),
    },
    observer,
  )
  return createRunner({
    pipeline,
    onRetry(error, { topic, partition }, attempt, pauseMs) {
      metrics.countRetry(error.code)
      logger.warn({ err: error, topic, partition, attempt, pauseMs }, 'A batch will be tried again')
    },
    onAbandon: (error, { topic, partition }) =>
      logger.info({ err: error, topic, partition }, 'A batch was left to the new owner of its partition'),
    onFatal: (error) => parts.fail(error),
  })
}
