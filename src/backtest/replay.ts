// Recorded messages through the pipeline that decides on live ones, with journals in memory and the recording's own clock.
import type { Batch } from '../batch.ts'
import { createDecideStage } from '../decision/decide.ts'
import type { Knowledge } from '../knowledge.ts'
import { deadLetter } from '../log/dead-letter.ts'
import { detachedBatches } from '../log/detached-batch.ts'
import { topicNames } from '../log/topics.ts'
import { createScoreStage } from '../model/score-stage.ts'
import { maskRecord } from '../payment/card-mask.ts'
import { createDecodeStage } from '../payment/decode.ts'
import { createPipeline } from '../pipeline.ts'
import { createRulesStage } from '../rules/rules-stage.ts'
import type { Horizons } from '../velocity/grid.ts'
import { createMemoryStore } from '../velocity/memory-store.ts'
import { createPseudonymiser } from '../velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows } from '../velocity/velocity.ts'
import { type RecordedLine, recordOf } from './recording.ts'

export interface ReplayOptions {
  readonly knowledge: Knowledge
  readonly horizons: Horizons
  readonly cacheBytes: number
  readonly maxMessageBytes: number
  readonly maxFutureSkewMs: number
  /** Told of every batch when its events are decided. */
  readonly onDecided: (batch: Batch) => void
}

export interface Replay {
  /** Plays the lines in their order, in batches of one kind. */
  play(lines: readonly RecordedLine[]): Promise<void>
  close(): Promise<void>
}

const BATCH_RECORDS = 256
/** Pseudonyms end with the process, so they need no secret. */
const KEY = '00'.repeat(16)

export function createReplay(options: ReplayOptions): Replay {
  const { knowledge, horizons } = options
  const { rates, windows, scorer, ruleSet } = knowledge
  const topics = topicNames('')
  const pseudonymiser = createPseudonymiser(KEY)
  const noWindows = emptyWindows(windows)
  let nowMs = 0
  const store = createMemoryStore({ retentionMs: horizons.retentionMs, now: () => nowMs })
  const clock = <B extends Batch>(batch: B): B => {
    for (const { timeMs } of batch.events) if (timeMs > nowMs) nowMs = timeMs
    for (const { timeMs } of batch.labels) if (timeMs > nowMs) nowMs = timeMs
    return batch
  }
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => noWindows.slice(),
    maxMessageBytes: options.maxMessageBytes,
    maxFutureSkewMs: options.maxFutureSkewMs,
  })
  const { cacheBytes } = options
  const { minorPerMajor } = rates
  const velocity = createVelocityStage({ store, windows, pseudonymiser, horizons, cacheBytes, minorPerMajor })
  const pipeline = createPipeline(
    {
      decode: (source) => clock(decode(source)),
      velocity,
      score: createScoreStage(scorer),
      rules: createRulesStage({ ruleSet }),
      decide: createDecideStage({
        topics,
        processor: 'backtest',
        now: () => nowMs,
        versions: { ruleSet: ruleSet.hash, model: scorer?.version ?? null, rates: rates.version },
        thresholds: ruleSet.thresholds,
        deadLetter: (rejected, atMs) => deadLetter(rejected, { topics, nowMs: atMs, mask: maskRecord }),
      }),
    },
    { without: (batch) => batch, journalsPolicy: (batch) => batch },
    { stage: () => undefined, completed: options.onDecided },
  )
  return {
    async play(lines) {
      const records = lines.map((line) => recordOf(line, topics))
      for (const batch of detachedBatches(records, BATCH_RECORDS)) await pipeline(batch)
    },
    async close() {
      await velocity.coalescer.close()
      await store.close()
    },
  }
}
