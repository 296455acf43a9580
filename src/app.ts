// The composition root: builds every part in order and takes them down in the opposite one.
// Whatever can be wrong in files is found, all of it, before the processor connects to anything.
import type { Batch } from './batch.ts'
import type { Config } from './config.ts'
import { startConsuming } from './consuming.ts'
import { openRuleControl, type RuleControl } from './control/rule-control.ts'
import { createStanding, type Standing } from './control/standing.ts'
import { createDeciding, type Deciding } from './deciding.ts'
import { AppError } from './errors.ts'
import { createFallback, type Fallback } from './fallback.ts'
import { createIntake, type Intake } from './intake.ts'
import { openJournals } from './journals.ts'
import { closeModels, type Knowledge, loadKnowledge } from './knowledge.ts'
import { deadLetter } from './log/dead-letter.ts'
import type { Consumer, EventLog } from './log/event-log.ts'
import { createInProcessLog, type InProcessLog } from './log/in-process-log.ts'
import { createKafkaLog } from './log/kafka-log.ts'
import { type TopicNames, topicNames } from './log/topics.ts'
import { maskRecord } from './payment/card-mask.ts'
import { payerKey } from './payment/payer-key.ts'
import type { PipelineObserver } from './pipeline.ts'
import { createListStore, listItems } from './rules/list-store.ts'
import { maskDigits, type PoisonGuard } from './poison.ts'
import { observersBeside, openBatchRunner, openPoisonGuard, pseudonymKey } from './processing.ts'
import type { Runner } from './runner.ts'
import { createHttpServer, type ReadinessCheck } from './telemetry/http.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { JournalStore } from './velocity/journal-store.ts'
import { createPseudonymiser, type Pseudonymiser } from './velocity/pseudonym.ts'

/** After this part of the shutdown deadline, batches that cannot be finished are given up. */
const PATIENT_SHARE = 0.75
const LOOPBACK = '127.0.0.1'
const MOST_CACHE_BESIDE_MEMORY_BYTES = 64 * 1024 * 1024

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
  /** What decides now. */
  readonly knowledge: Knowledge
  /** Loads the rules folder again: all or nothing, from the next batch on. What is wrong with it is logged and counted. */
  reloadRules(): void
  /** Loads the models from their folders again, in the same way. */
  reloadModels(): void
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
  const pseudonymiser = createPseudonymiser(pseudonymKey(config))
  const standing = createStanding(createListStore(listItems(pseudonymiser)))
  const knowledge = await loadKnowledge(config, standing.lists.has)
  const topics = topicNames(config.topics.prefix)
  const embedded =
    config.kafka.brokers.length === 0 ? createInProcessLog({ partitions: 1, now: options.now }) : null
  const log: EventLog = embedded ?? openKafka(options)
  const journals = openJournals({
    ...options,
    hadJournals: () => log.hasCommitted(config.kafka.groupId, [topics.events, topics.labels]),
  })
  const { store } = journals
  const intake = embedded === null ? null : openIntake(embedded, topics)
  const ended = Promise.withResolvers<void>()
  const state: State = {
    store,
    control: null,
    deciding: null,
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
    await state.control?.stop()
    await state.fallback?.close()
    await log.close()
    await state.deciding?.close()
    await store.close()
    closeModels(state.deciding?.knowledge() ?? knowledge)
  }
  try {
    const address = await http.listen()
    await store.ping().catch((error: unknown) => {
      if (!mayStartWithout(error, embedded, config)) throw error
      logger.error({ err: error }, 'The journals are away at the start; degrade.journals decides')
    })
    const parts = { ...journals, knowledge, log, topics, intake, pseudonymiser, standing, fail }
    const { deciding, fallback, guard } = openDeciding(options, parts)
    state.deciding = deciding
    state.fallback = fallback
    const control = await openRuleControl({ ...options, log, topic: topics.control, standing, deciding })
    state.control = control
    control.finished.catch(fail)
    const pipeline = guard.pipeline(deciding.pipeline)
    const runner = openBatchRunner(options, { pipeline, fallback, fail })
    state.runner = runner
    const consumer = await startConsuming({ ...options, log, topics, guard, runner, repair: fallback.repair })
    state.consumer = consumer
    consumer.finished.catch(fail)
    return {
      address,
      log,
      topics,
      get knowledge() {
        return deciding.knowledge()
      },
      reloadRules: control.reload,
      reloadModels: control.reloadModels,
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
  control: RuleControl | null
  deciding: Deciding | null
  consumer: Consumer | null
  runner: Runner | null
  fallback: Fallback | null
  stopping: boolean
  failed: boolean
}

async function readiness({ store, control, consumer, runner, stopping }: State): Promise<ReadinessCheck[]> {
  const storeProblem = await store.ping().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  return [
    { name: 'not stopping', problem: stopping ? 'the processor is being stopped' : null },
    { name: `journals (${store.kind})`, problem: storeProblem },
    { name: 'control topic', problem: control === null ? 'not read to its end yet' : null },
    { name: 'consumer group', problem: consumer?.isJoined() === true ? null : 'not joined' },
    { name: 'batches', problem: runner?.isRetrying() === true ? 'a batch waits for its next try' : null },
  ]
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

/** Journals in memory stand in this process already, and unpacking them again costs next to nothing. */
function cacheBytes({ velocity }: Config, { kind }: JournalStore): number {
  return kind === 'memory'
    ? Math.min(velocity.cacheBytes, MOST_CACHE_BESIDE_MEMORY_BYTES)
    : velocity.cacheBytes
}

interface DecidingParts {
  readonly knowledge: Knowledge
  readonly store: JournalStore
  readonly log: EventLog
  readonly topics: TopicNames
  readonly intake: Intake | null
  readonly pseudonymiser: Pseudonymiser
  readonly standing: Standing
  readonly fail: (error: AppError) => void
  readonly areLost: () => boolean
}

interface DecidingStack {
  readonly deciding: Deciding
  readonly fallback: Fallback
  readonly guard: PoisonGuard
}

function openDeciding(options: AppOptions, parts: DecidingParts): DecidingStack {
  const { config, logger, metrics, now } = options
  const { topics, intake } = parts
  const observer: PipelineObserver = {
    stage: metrics.observeStage,
    completed(batch) {
      metrics.observeBatch(batch, now())
      parts.standing.traffic.add(batch)
      intake?.completed(batch)
      options.onCompleted?.(batch)
    },
  }
  const fallback = createFallback({
    config,
    log: parts.log,
    ping: parts.store.ping,
    journal: (source) => deciding.journal(source),
    now,
    clock: () => performance.now(),
    sink: logger,
    onFatal: parts.fail,
    areLost: parts.areLost,
  })
  metrics.bindUnjournaled(fallback.repair.left)
  const guard = openPoisonGuard(options, fallback)
  const deciding: Deciding = createDeciding({
    ...parts,
    around: { ...fallback, decode: guard.decode },
    horizons: config.velocity,
    cacheBytes: cacheBytes(config, parts.store),
    driftWindowMs: config.model.driftWindowMs,
    ...observersBeside(options),
    judgedWith: parts.standing.judgedWith,
    decode: {
      topics,
      maxMessageBytes: config.limits.maxMessageBytes,
      maxFutureSkewMs: config.velocity.maxFutureSkewMs,
      missingRate: config.money.missingRate,
    },
    decide: {
      topics,
      processor: config.kafka.clientId,
      // The times of simulated events in one process are those of the simulation.
      deadlineMs: parts.log.kind === 'kafka' ? config.deadline.ms : Number.POSITIVE_INFINITY,
      now,
      missingRate: config.money.missingRate,
      deadLetter(rejected, nowMs) {
        const mask = rejected.code === 'MESSAGE_KILLS_PROCESS' ? maskDigits : maskRecord
        return deadLetter(rejected, { topics, nowMs, mask })
      },
    },
    observer,
    onVelocity: (velocity) => metrics.bindJournalCache(velocity.cacheFigures),
  })
  metrics.bindDrift(deciding.drift)
  return { deciding, fallback, guard }
}
