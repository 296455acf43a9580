// What is done about an error of the pipeline: the one switch over the dispositions of errors.ts.
import { AppError, type Missing, missingAfter, toAppError } from './errors.ts'
import type { PartitionBatch } from './log/event-log.ts'
import { pause } from './pause.ts'
import type { Pipeline } from './pipeline.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

export interface RunnerOptions {
  readonly pipeline: Pipeline
  /** What every batch is decided without for now. */
  readonly missing: () => readonly Missing[]
  /** Whether a policy may decide a batch of this topic without it; else the batch waits. */
  readonly mayGoWithout: (missing: Missing, batch: PartitionBatch) => boolean
  /** Told before a batch is decided without what failed. */
  readonly onDegrade: (error: AppError, batch: PartitionBatch) => void
  /** Told before each new try; `pauseMs` is how long the runner waits. */
  readonly onRetry: (error: AppError, batch: PartitionBatch, attempt: number, pauseMs: number) => void
  readonly onAbandon: (error: AppError, batch: PartitionBatch) => void
  /** The process must end; the batch was not committed. */
  readonly onFatal: (error: AppError, batch: PartitionBatch) => void
}

interface Try {
  readonly batch: PartitionBatch
  readonly attempt: number
  /** Grows by what failed. */
  readonly missing: Set<Missing>
}

export interface Runner {
  /** Runs one batch to its end. Never rejects. */
  run(batch: PartitionBatch): Promise<void>
  /** True while a batch waits for its next try. */
  isRetrying(): boolean
  /** Ends every wait: batches that cannot be finished stay uncommitted and come again to the next owner. */
  stop(): void
}

/** Runs batches through the pipeline and carries out what errors.ts says about what it throws. */
export function createRunner(options: RunnerOptions): Runner {
  const stopping = new AbortController()
  let retrying = 0
  const ended = new AbortController()

  const end = (error: AppError, batch: PartitionBatch): void => {
    ended.abort()
    options.onFatal(error, batch)
  }

  const again = async (error: AppError, batch: PartitionBatch, attempt: number): Promise<boolean> => {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
    options.onRetry(error, batch, attempt, pauseMs)
    retrying++
    await pause(pauseMs, stopping.signal)
    retrying--
    return stopping.signal.aborted || batch.isStale()
  }

  /** True when the batch is done with, false when it must be tried again. */
  const handle = async (error: AppError, { batch, attempt, missing }: Try): Promise<boolean> => {
    switch (error.disposition) {
      case 'degrade': {
        const lost = missingAfter(error.code)
        const isNew = lost.every((part) => !missing.has(part) && options.mayGoWithout(part, batch))
        if (!isNew) return again(error, batch, attempt)
        for (const part of lost) missing.add(part)
        options.onDegrade(error, batch)
        return batch.isStale()
      }
      case 'retry':
        return again(error, batch, attempt)
      case 'abandon':
        options.onAbandon(error, batch)
        return true
      case 'reject':
        // A rejection is a value of one event; thrown for a whole batch it is a defect.
        end(new AppError('UNEXPECTED', error.message, { cause: error }), batch)
        return true
      case 'fatal':
        end(error, batch)
        return true
    }
  }

  return {
    isRetrying: () => retrying > 0,
    stop: () => stopping.abort(),
    async run(batch) {
      // After a fatal error nothing more is decided: what is not committed comes again to the next process.
      const missing = new Set(options.missing().filter((lost) => options.mayGoWithout(lost, batch)))
      for (let attempt = 1; !ended.signal.aborted; attempt++) {
        try {
          await options.pipeline(batch, missing)
          return
        } catch (thrown) {
          if (await handle(toAppError(thrown), { batch, attempt, missing })) return
        }
      }
    },
  }
}
