// The data path, from top to bottom: one batch of a partition in, its decisions, alerts and dead letters out.
// The failure of one event is a value that travels with the batch (`batch.rejected`); the failure of infrastructure is
// thrown, before anything was published or after: doing the whole batch again is always safe.
import type { Batch, StageName } from './batch.ts'
import type { Missing } from './errors.ts'
import type { PartitionBatch } from './log/event-log.ts'
import { observed, type Stage, type StageObserver } from './stage.ts'

export interface Stages {
  readonly decode: Stage<PartitionBatch, Batch>
  readonly velocity: Stage<Batch, Batch>
  readonly score: Stage<Batch, Batch>
  readonly rules: Stage<Batch, Batch>
  readonly decide: Stage<Batch, Batch>
}

/** What stands in for stages whose part is missing; see degrade.ts. */
export interface StandIns {
  /** In place of velocity and of score. */
  readonly without: (batch: Batch, missing: Missing) => Batch
  /** After the rules, when there were no journals. */
  readonly journalsPolicy: (batch: Batch) => Batch
}

export interface PipelineObserver {
  readonly stage: StageObserver
  /** Told when a batch has been committed. */
  readonly completed: (batch: Batch) => void
}

/** `missing` is what the batch is decided without; nothing if absent. */
export type Pipeline = (source: PartitionBatch, missing?: ReadonlySet<Missing>) => Promise<void>

const NOTHING_MISSING: ReadonlySet<Missing> = new Set()

/** Joins the stages. The pipeline throws what a stage throws; see `createRunner` for what is done about it. */
export function createPipeline(stages: Stages, standIns: StandIns, observer: PipelineObserver): Pipeline {
  const watch = <I, O>(name: StageName, stage: Stage<I, O>) => observed(name, stage, observer.stage)
  const decode = watch('decode', stages.decode)
  const velocity = watch('velocity', stages.velocity)
  const score = watch('score', stages.score)
  const rules = watch('rules', stages.rules)
  const decide = watch('decide', stages.decide)
  const publish = watch('publish', (batch: Batch) => batch.source.publish(batch.outputs))
  const commit = watch('commit', (batch: Batch) => batch.source.commit())

  const { without, journalsPolicy } = standIns

  return async (source, missing = NOTHING_MISSING) => {
    const noJournals = missing.has('journals')
    const decoded = await decode(source)
    const measured = noJournals ? without(decoded, 'journals') : await velocity(decoded)
    if (missing.has('deadline')) without(measured, 'deadline')
    const scored = missing.has('model') ? without(measured, 'model') : await score(measured)
    const judged = await rules(scored)
    const decided = await decide(noJournals ? journalsPolicy(judged) : judged)
    await publish(decided)
    await commit(decided)
    observer.completed(decided)
  }
}
