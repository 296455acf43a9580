// The pipeline that decides now. Rules can change while batches are in hand: each batch keeps, from its first stage to its last
// try, the stages that were in force when it began, so no batch mixes two rule sets.
import type { Batch, JudgedWith } from './batch.ts'
import { createDecideStage, type DecideOptions } from './decision/decide.ts'
import { scoreOrFail } from './degrade.ts'
import type { Knowledge } from './knowledge.ts'
import type { PartitionBatch } from './log/event-log.ts'
import { createDrift, type Drift, type DriftFigures } from './model/drift.ts'
import { createScoreStage } from './model/score-stage.ts'
import type { Scorer } from './model/scorer.ts'
import { createDecodeStage, type DecodeOptions } from './payment/decode.ts'
import { createPipeline, type Pipeline, type PipelineObserver, type StandIns } from './pipeline.ts'
import { createRulesStage } from './rules/rules-stage.ts'
import type { Stage } from './stage.ts'
import type { CoalescerObserver } from './velocity/coalescer.ts'
import type { Horizons } from './velocity/grid.ts'
import type { JournalStore } from './velocity/journal-store.ts'
import type { Pseudonymiser } from './velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows, type VelocityStage } from './velocity/velocity.ts'
import type { WindowSet } from './velocity/window.ts'

export interface DecidingOptions {
  readonly knowledge: Knowledge
  readonly store: JournalStore
  readonly pseudonymiser: Pseudonymiser
  readonly horizons: Horizons
  readonly cacheBytes: number
  readonly coalescing: CoalescerObserver
  readonly driftWindowMs: number
  readonly judgedWith: () => JudgedWith
  readonly decode: Pick<DecodeOptions, 'topics' | 'maxMessageBytes' | 'maxFutureSkewMs' | 'missingRate'>
  readonly decide: Pick<
    DecideOptions,
    'topics' | 'processor' | 'deadlineMs' | 'now' | 'deadLetter' | 'missingRate'
  >
  /** What is put around stages, and what stands in for those whose part is missing. */
  readonly around: {
    decode(stage: Stage<PartitionBatch, Batch>): Stage<PartitionBatch, Batch>
    velocity(stage: Stage<Batch, Batch>): Stage<Batch, Batch>
    score(stage: Stage<Batch, Batch>): Stage<Batch, Batch>
    readonly standIns: StandIns
  }
  readonly observer: PipelineObserver
  /** Told what a challenger threw; the batch went on without its scores. */
  readonly onChallengerFailed: (error: unknown, version: string) => void
  /** Told of each velocity stage, whose cache figures count from then on. */
  readonly onVelocity: (velocity: VelocityStage) => void
}

export interface Deciding {
  readonly pipeline: Pipeline
  /** Journals a batch and decides nothing. */
  journal(source: PartitionBatch): Promise<void>
  readonly knowledge: () => Knowledge
  /** How far the payments of late are from what the champion learned from; null when nothing can be said. */
  drift(): DriftFigures | null
  /** From the next batch on. */
  use(knowledge: Knowledge): void
  /** Ends the work beside the batches. */
  close(): Promise<void>
}

export function createDeciding(options: DecidingOptions): Deciding {
  let knowledge = options.knowledge
  const stages: VelocityStage[] = []
  let drift = driftOf(knowledge.scorer)
  let velocity = velocityOf(knowledge)
  let decode = decodeOf(knowledge)
  let pipeline = pipelineOf(knowledge, decode, velocity)
  // A batch whose publishing failed may stand in the log already: what is published again must be under the same rules.
  const begun = new WeakMap<PartitionBatch, Pipeline>()

  function driftOf(scorer: Scorer | null): Drift | null {
    const { driftWindowMs: windowMs, decide } = options
    return scorer === null ? null : createDrift({ ...scorer.fingerprint, windowMs, now: decide.now })
  }
  function velocityOf({ windows, rates }: Knowledge): VelocityStage {
    const { coalescing: observer, ...parts } = options
    const stage = createVelocityStage({ ...parts, windows, minorPerMajor: rates.minorPerMajor, observer })
    stages.push(stage)
    options.onVelocity(stage)
    return stage
  }
  function decodeOf({ rates, windows }: Knowledge): (source: PartitionBatch) => Batch {
    const noWindows = emptyWindows(windows)
    const { pseudonymiser } = options
    return createDecodeStage({ ...options.decode, pseudonymiser, rates, newWindows: () => noWindows.slice() })
  }
  function pipelineOf(
    { rates, scorer, challenger, ruleSet }: Knowledge,
    decode: (source: PartitionBatch) => Batch,
    stage: VelocityStage,
  ): Pipeline {
    const { around } = options
    const beside = challenger === null ? null : { challenger, onFailed: options.onChallengerFailed }
    return createPipeline(
      {
        decode: around.decode(decode),
        velocity: around.velocity((batch: Batch) => stage(batch)),
        score: around.score(scoreOrFail(createScoreStage(scorer, beside))),
        rules: createRulesStage({ ruleSet, judgedWith: options.judgedWith }),
        decide: createDecideStage({
          ...options.decide,
          thresholds: ruleSet.thresholds,
          versions: { ruleSet: ruleSet.hash, model: scorer?.version ?? null, rates: rates.version },
        }),
      },
      around.standIns,
      observerOf(drift),
    )
  }
  /** Of a pipeline: its batches have the windows that its model asks for. */
  function observerOf(watched: Drift | null): PipelineObserver {
    return {
      ...options.observer,
      completed(batch) {
        watched?.count(batch.events)
        options.observer.completed(batch)
      },
    }
  }
  return {
    pipeline(source, missing) {
      const pinned = begun.get(source) ?? pipeline
      begun.set(source, pinned)
      return pinned(source, missing)
    },
    async journal(source) {
      await velocity(decode(source))
    },
    knowledge: () => knowledge,
    drift: () => drift?.figures() ?? null,
    async close() {
      for (const { coalescer } of stages) await coalescer.close()
    },
    use(next) {
      // With other windows the journals in the cache lack counterparts that these need: the cache begins anew and fills from
      // the store, at the cost of one reading of each journal.
      if (!sameWindows(next.windows, knowledge.windows)) velocity = velocityOf(next)
      if (next.scorer !== knowledge.scorer) drift = driftOf(next.scorer)
      knowledge = next
      decode = decodeOf(next)
      pipeline = pipelineOf(next, decode, velocity)
    },
  }
}

/** Whether every slot of both means the same. */
function sameWindows(a: WindowSet, b: WindowSet): boolean {
  return JSON.stringify(a.specs.map(specText)) === JSON.stringify(b.specs.map(specText))
}

/** Infinity, the length of some windows, is nothing in JSON. */
function specText(spec: WindowSet['specs'][number]): string {
  return Object.values(spec).map(String).join(' ')
}
