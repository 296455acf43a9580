// What surrounds the pipeline in a processor: the guard against poison and the runner, with their log lines and counts.
import { randomUUID } from 'node:crypto'
import type { Config } from './config.ts'
import type { AppError } from './errors.ts'
import type { Fallback } from './fallback.ts'
import type { Pipeline } from './pipeline.ts'
import { createPoisonGuard, type PoisonGuard } from './poison.ts'
import { createRunner, type Runner } from './runner.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { CoalescerObserver } from './velocity/coalescer.ts'

/** Pseudonyms of a processor that keeps everything in memory need no secret: they die with it. */
const MEMORY_ONLY_KEY = '00'.repeat(16)

export interface ProcessingDeps {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
}

/** The guard of this process, under a name of its own. */
export function openPoisonGuard({ config, logger }: ProcessingDeps, { repair }: Fallback): PoisonGuard {
  return createPoisonGuard({
    owner: randomUUID(),
    maxTries: config.limits.maxTries,
    missing: repair.missing,
    onMissingFound: repair.add,
    onSuspect: (suspect) =>
      logger.warn({ ...suspect }, 'A process ended while it worked on these records; they are tried alone'),
    onNoteFailed: (error, { topic, partition }) =>
      logger.info({ err: error, topic, partition }, 'A try was not taken back from the note of its offset'),
  })
}

export interface BatchRunnerParts {
  readonly pipeline: Pipeline
  readonly fallback: Fallback
  readonly fail: (error: AppError) => void
}

/** The runner of this process. */
export function openBatchRunner(
  { logger, metrics }: ProcessingDeps,
  { pipeline, fallback, fail }: BatchRunnerParts,
): Runner {
  return createRunner({
    pipeline,
    missing: fallback.missing,
    mayGoWithout: fallback.mayGoWithout,
    onDegrade: fallback.degraded,
    onRetry(error, { topic, partition }, attempt, pauseMs) {
      metrics.countRetry(error.code)
      logger.warn({ err: error, topic, partition, attempt, pauseMs }, 'A batch will be tried again')
    },
    onAbandon: (error, { topic, partition }) =>
      logger.info({ err: error, topic, partition }, 'A batch was left to the new owner of its partition'),
    onFatal: (error) => fail(error),
  })
}

/** What happens beside the batches, in counts and log lines. */
export function observersBeside({ logger, metrics }: Pick<ProcessingDeps, 'logger' | 'metrics'>): {
  readonly coalescing: CoalescerObserver
  readonly onChallengerFailed: (error: unknown, version: string) => void
} {
  let failing: string | null = null
  return {
    coalescing: {
      coalesced: metrics.countCoalesced,
      failed(error) {
        metrics.countCoalesceFailure()
        logger.warn({ err: error }, 'A journal could not be coalesced; it is tried again when it has grown')
      },
    },
    // Once a version: it would fail for every batch.
    onChallengerFailed(error, version) {
      if (failing === version) return
      failing = version
      logger.warn(
        { err: error, challenger: version },
        'The challenger failed; decisions go on without its scores',
      )
    },
  }
}

/** The configured key, or a fixed one. */
export function pseudonymKey({ privacy }: Config): string {
  return privacy.pseudonymKey === '' ? MEMORY_ONLY_KEY : privacy.pseudonymKey
}
