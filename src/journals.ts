// The journals of a processor, and what it says when Redis has lost them or another edition of them is in force.
import type { Config } from './config.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Metrics } from './telemetry/metrics.ts'
import type { JournalStore } from './velocity/journal-store.ts'
import { createMemoryStore } from './velocity/memory-store.ts'
import type { EditionsView } from './velocity/redis-editions.ts'
import { createRedisStore } from './velocity/redis-store.ts'

export interface JournalsOptions {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Whether the group has decided anything before. */
  readonly hadJournals: () => Promise<boolean>
}

export interface Journals {
  readonly store: JournalStore
  /** Whether Redis has lost them, so that windows may be too small. Journals in memory are not missed: they end with the process. */
  readonly areLost: () => boolean
}

/** In Redis where one is configured, else in memory. Does not connect yet. */
export function openJournals(options: JournalsOptions): Journals {
  const { config, logger, metrics, now } = options
  const { redis, velocity } = config
  if (redis.url === '') {
    return { store: createMemoryStore({ retentionMs: velocity.retentionMs, now }), areLost: () => false }
  }
  let seen: EditionsView | null = null
  let asked: Promise<boolean> | null = null

  function hadJournals(): Promise<boolean> {
    // On a cluster many ask at once. What failed is asked again.
    asked ??= options.hadJournals().catch((error: unknown) => {
      asked = null
      throw error
    })
    return asked
  }

  function onEditions(view: EditionsView): void {
    const before = seen
    seen = view
    metrics.setJournals(view)
    const { edition, isLost } = view
    if (isLost && before?.isLost !== true) {
      logger.error(
        { edition },
        'Redis has lost the journals: windows begin anew and are too small. Run "paysentry rebuild", which makes them again from Kafka while processors decide, or "paysentry rebuild --accept-empty"',
      )
    } else if (!isLost && before?.isLost === true) {
      logger.info({ edition }, 'The journals are whole again')
    } else if (before !== null && before.edition !== edition) {
      logger.info({ edition, before: before.edition }, 'Another edition of the journals is in force')
    }
  }

  const store = createRedisStore({ ...redis, ...velocity, logger, metrics, hadJournals, onEditions })
  return { store, areLost: () => seen?.isLost === true }
}
