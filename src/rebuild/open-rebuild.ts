// The parts of a rebuild, from the configuration of the processors: rules and model are not asked for.
import { readRecording, recordOf } from '../backtest/recording.ts'
import type { Config } from '../config.ts'
import type { LogRecord } from '../log/event-log.ts'
import type { Replay } from '../log/kafka-replay.ts'
import type { TopicNames } from '../log/topics.ts'
import { createDecodeStage } from '../payment/decode.ts'
import { loadRates } from '../payment/rates.ts'
import type { JournalStore } from '../velocity/journal-store.ts'
import { createPseudonymiser } from '../velocity/pseudonym.ts'
import { createVelocityStage } from '../velocity/velocity.ts'
import { createWindowSet } from '../velocity/window.ts'
import { createJournaling, type Journaling } from './journaling.ts'

export interface OpenJournalingOptions {
  readonly config: Config
  readonly topics: TopicNames
  readonly store: JournalStore
  readonly signal: AbortSignal
}

export interface OpenJournaling extends Journaling {
  /** Coalescing included. */
  close(): Promise<void>
}

/** Throws RATES_INVALID. */
export function openJournaling({ config, topics, store, signal }: OpenJournalingOptions): OpenJournaling {
  const rates = loadRates(config.money.ratesFile)
  const pseudonymiser = createPseudonymiser(config.privacy.pseudonymKey)
  const velocity = createVelocityStage({
    store,
    windows: createWindowSet(),
    pseudonymiser,
    horizons: config.velocity,
    cacheBytes: config.velocity.cacheBytes,
    minorPerMajor: rates.minorPerMajor,
  })
  const none = new Float64Array(0)
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    missingRate: config.money.missingRate,
    newWindows: () => none,
    maxMessageBytes: config.limits.maxMessageBytes,
    maxFutureSkewMs: config.velocity.maxFutureSkewMs,
  })
  const journaling = createJournaling({ decode, velocity, signal })
  return {
    ...journaling,
    async close() {
      await velocity.coalescer.idle()
      await velocity.coalescer.close()
    },
  }
}

export interface Sources {
  /** Null for the topics alone. */
  readonly file: string | null
  /** Null without Kafka. */
  readonly replay: Replay | null
  readonly topics: TopicNames
  readonly onProgress: (done: number, of: number) => void
}

type OnRecords = (records: readonly LogRecord[]) => Promise<void>

/** The two readings that `rebuild` asks for. */
export function openSources({ file, replay, topics, onProgress }: Sources) {
  return {
    async recording(onRecords: OnRecords): Promise<void> {
      if (file === null) return
      for await (const lines of readRecording({ file, onProgress })) {
        await onRecords(lines.map((line) => recordOf(line, topics)))
      }
    },
    async catchUp(onRecords: OnRecords): Promise<void> {
      await replay?.catchUp(onRecords, onProgress)
    },
  }
}
