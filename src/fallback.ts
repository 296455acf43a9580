// What happens while the journals are away: who decides (degrade.ts), and how the journals become whole again (repair.ts).
import {
  createAvailability,
  createJournalsPolicy,
  journalsShareMs,
  markMissing,
  withinDeadline,
} from './degrade.ts'
import type { Batch } from './batch.ts'
import type { Config } from './config.ts'
import { type AppError, type Missing, missingAfter } from './errors.ts'
import { detachedBatch } from './log/detached-batch.ts'
import type { EventLog, PartitionBatch } from './log/event-log.ts'
import type { LogSink } from './log/kafka-client.ts'
import { createModelWatch } from './model-watch.ts'
import type { StandIns } from './pipeline.ts'
import { createRepair, type Repair } from './repair.ts'
import type { Stage } from './stage.ts'

const LOOK_EVERY_MS = 250
/** So the journals are completed by five hundred events a second even while events wait too long all the time. */
const REPAIR_GIVES_WAY_MS = 500

export interface FallbackOptions {
  readonly config: Pick<Config, 'deadline' | 'degrade'>
  readonly log: Pick<EventLog, 'kind' | 'readSpan'>
  readonly ping: () => Promise<void>
  /** Journals records that were decided without their journals; nothing of them is decided again. */
  readonly journal: (source: PartitionBatch) => Promise<void>
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  readonly sink: LogSink
  readonly onFatal: (error: AppError) => void
  /** Whether Redis has lost the journals, which began anew. */
  readonly areLost: () => boolean
}

export interface Fallback {
  /** A velocity stage within its share of the deadline; it marks what is decided while the partition is being repaired. */
  velocity(stage: Stage<Batch, Batch>): Stage<Batch, Batch>
  /** A score stage that is left out for a while when it has become too slow. */
  score(stage: Stage<Batch, Batch>): Stage<Batch, Batch>
  readonly standIns: StandIns
  readonly repair: Repair
  missing(): readonly Missing[]
  mayGoWithout(missing: Missing): boolean
  /** To be told of what failed, before a policy decides. */
  degraded(error: AppError, batch: PartitionBatch): void
  close(): Promise<void>
}

export function createFallback(options: FallbackOptions): Fallback {
  const { config, log, sink } = options
  const { degrade, deadline } = config
  // The in-process log drops what was committed, so there is nothing to repair the journals from.
  const mayLackJournals = degrade.journals !== 'wait' && log.kind === 'kafka'
  const journals = createAvailability({
    ping: options.ping,
    everyMs: LOOK_EVERY_MS,
    withinMs: journalsShareMs(deadline.ms),
    onAway: (error) => sink.error({ err: error }, 'The journals are away; degrade.journals decides'),
  })
  const model = createModelWatch({
    deadlineMs: deadline.ms,
    now: options.clock,
    onSlow: (error) =>
      sink.warn({ err: error }, 'The model is too slow; deciding without it for ten seconds'),
  })
  const repair = createRepair({
    readSpan: log.readSpan,
    back: journals.back,
    giveWayMs: REPAIR_GIVES_WAY_MS,
    journal: (records) => options.journal(detachedBatch(records[0]?.topic ?? '', records)),
    onRetry: (error) => sink.warn({ err: error }, 'The journals could not be completed; it is tried again'),
    onFatal: options.onFatal,
    onRepaired: (topic, partition) =>
      sink.info({ topic, partition }, 'The journals are complete again for this partition'),
  })
  return {
    repair,
    score: model.score,
    velocity(stage) {
      const velocity = mayLackJournals
        ? withinDeadline(stage, { deadlineMs: deadline.ms, now: options.now })
        : stage
      return async (batch) => {
        const { topic, partition } = batch.source
        // Asked before the journals are read: the repair may end while they are.
        const isIncomplete = repair.missing(topic, partition) !== null
        const wereLost = options.areLost()
        const measured = await velocity(batch)
        if (isIncomplete) markAll(measured, 'journals:incomplete')
        // Asked after it too: it may be these very journals that were found to be gone.
        if (wereLost || options.areLost()) markAll(measured, 'journals:lost')
        return measured
      }
    },
    standIns: {
      journalsPolicy: createJournalsPolicy(degrade),
      without(batch, missing) {
        if (missing === 'journals') remember(repair, batch.source)
        return markMissing(batch, missing)
      },
    },
    missing: () => [
      ...(journals.isAway() ? (['journals'] as const) : []),
      ...(model.isResting() ? (['model'] as const) : []),
    ],
    mayGoWithout: (missing) => (missing === 'model' ? degrade.model === 'without' : mayLackJournals),
    degraded(error, { topic, partition }) {
      if (missingAfter(error.code).includes('model')) {
        sink.warn({ err: error, topic, partition }, 'Decided without the model')
      } else if (error.code === 'STORE_LATE') {
        sink.warn({ err: error, topic, partition }, 'The journals were too slow; degrade.journals decided')
        journals.suspected(error)
      } else journals.failed(error)
    },
    async close() {
      journals.close()
      await repair.close()
    },
  }
}

function markAll({ events }: Batch, what: string): void {
  for (const event of events) event.degraded.push(what)
}

/** Before the commit of the batch, whose note then tells of it. */
function remember(repair: Repair, { topic, partition, records }: PartitionBatch): void {
  const first = records[0]?.offset
  const last = records.at(-1)?.offset
  if (first === undefined || last === undefined) return
  repair.add(topic, partition, { from: BigInt(first), to: BigInt(last) + 1n })
}
