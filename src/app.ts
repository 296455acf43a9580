// The composition root: builds every part in order and takes them down in the opposite one.
// Whatever can be wrong in files is found, all of it, before the processor connects to anything.
import type { Batch } from './batch.ts'
import type { Config } from './config.ts'
import { createDecideStage } from './decision/decide.ts'
import { scoreOrFail } from './degrade.ts'
import { AppError } from './errors.ts'
import { createFallback, type Fallback } from './fallback.ts'
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
import { maskDigits, type PoisonGuard } from './poison.ts'
import { createPipeline, type PipelineObserver } from './pipeline.ts'
import { createRulesStage } from './rules/rules-stage.ts'
import { openBatchRunner, openPoisonGuard, openVelocity, pseudonymKey } from './processing.ts'
import type { Runner } from './runner.ts'
import { createHttpServer, type ReadinessCheck } from './telemetry/http.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { JournalStore } from './velocity/journal-store.ts'
import { createMemoryStore } from './velocity/memory-store.ts'
import { createPseudonymiser } from './velocity/pseudonym.ts'
import { createRedisStore } from './velocity/redis-store.ts'
import { emptyWindows, type VelocityStage } from './velocity/velocity.ts'

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
  const state: State = {
    store,
    velocity: null,
    consumer: null,
    runner: null,
    fallback: null,
    stopping: false,
    failed: false,
  }

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
    await state.fallback?.close()
    await log.close()
    await state.velocity?.coalescer.close()
    await store.close()
    knowledge.scorer?.close()
  }
  try {
    const address = await http.listen()
    await store.ping().catch((error: unknown) => {
      if (!mayStartWithout(error, embedded, config)) throw error
      logger.error({ err: error }, 'The journals are away at the start; degrade.journals decides')
    })
    const velocity = openVelocity(options, knowledge, store)
    state.velocity = velocity
    const { runner, guard, fallback } = openRunner(options, {
      knowledge,
      store,
      velocity,
      log,
      topics,
      intake,
      fail,
    })
    state.runner = runner
    state.fallback = fallback
    const consumer = await log.consume({
      topics: [topics.events, topics.labels],
      groupId: config.kafka.groupId,
      maxBatchRecords: config.batch.maxRecords,
      limit: guard.limit,
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

/** Whether a policy can decide until the journals are there. */
function mayStartWithout(error: unknown, embedded: InProcessLog | null, { degrade }: Config): boolean {
  const isAway = error instanceof AppError && error.disposition === 'degrade'
  return isAway && embedded === null && degrade.journals !== 'wait'
}

interface State {
  readonly store: JournalStore
  velocity: VelocityStage | null
  consumer: Consumer | null
  runner: Runner | null
  fallback: Fallback | null
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

interface RunnerParts {
  readonly knowledge: Knowledge
  readonly store: JournalStore
  readonly velocity: VelocityStage
  readonly topics: TopicNames
  readonly intake: Intake | null
  readonly log: EventLog
  readonly fail: (error: AppError) => void
}

function observerOf({ metrics, now, onCompleted }: AppOptions, intake: Intake | null): PipelineObserver {
  return {
    stage: metrics.observeStage,
    completed(batch) {
      metrics.observeBatch(batch, now())
      intake?.completed(batch)
      onCompleted?.(batch)
    },
  }
}

interface Running {
  readonly runner: Runner
  readonly guard: PoisonGuard
  readonly fallback: Fallback
}

function openRunner(options: AppOptions, parts: RunnerParts): Running {
  const { config, logger, metrics, now } = options
  const { knowledge, store, velocity, log, topics, intake } = parts
  const { rates, windows, scorer, ruleSet } = knowledge
  const pseudonymiser = createPseudonymiser(pseudonymKey(config))
  const noWindows = emptyWindows(windows)
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => noWindows.slice(),
    maxMessageBytes: config.limits.maxMessageBytes,
    maxFutureSkewMs: config.velocity.maxFutureSkewMs,
  })
  const fallback = createFallback({
    config,
    log,
    ping: store.ping,
    decode,
    velocity,
    sink: logger,
    onFatal: parts.fail,
  })
  metrics.bindUnjournaled(fallback.repair.left)
  const guard = openPoisonGuard(options, fallback)
  const pipeline = createPipeline(
    {
      decode: guard.decode(decode),
      velocity: fallback.velocity,
      score: scoreOrFail(createScoreStage(scorer)),
      rules: createRulesStage(ruleSet),
      decide: createDecideStage({
        topics,
        processor: config.kafka.clientId,
        now,
        thresholds: ruleSet.thresholds,
        versions: { ruleSet: ruleSet.hash, model: scorer?.version ?? null, rates: rates.version },
        deadLetter(rejected, nowMs) {
          const mask = rejected.code === 'MESSAGE_KILLS_PROCESS' ? maskDigits : maskRecord
          return deadLetter(rejected, { topics, nowMs, mask })
        },
      }),
    },
    fallback.standIns,
    observerOf(options, intake),
  )
  const runner = openBatchRunner(options, { pipeline: guard.pipeline(pipeline), fallback, fail: parts.fail })
  return { runner, guard, fallback }
}
