// The data path, from top to bottom: one batch of a partition in, its decisions, alerts and dead letters out.
// The failure of one event is a value that travels with the batch (`batch.rejected`); the failure of infrastructure is
// thrown, before anything was published or after: doing the whole batch again is always safe.
import type { Batch, StageName } from './batch.ts'
import type { PartitionBatch } from './log/event-log.ts'
import { observed, type Stage, type StageObserver } from './stage.ts'

export interface Stages {
  readonly decode: Stage<PartitionBatch, Batch>
  readonly velocity: Stage<Batch, Batch>
  readonly score: Stage<Batch, Batch>
  readonly rules: Stage<Batch, Batch>
  readonly decide: Stage<Batch, Batch>
}

export interface PipelineObserver {
  readonly stage: StageObserver
  /** Told when a batch has been committed. */
  readonly completed: (batch: Batch) => void
}

export type Pipeline = (source: PartitionBatch) => Promise<void>

/** Joins the stages. The pipeline throws what a stage throws; see `createRunner` for what is done about it. */
export function createPipeline(stages: Stages, observer: PipelineObserver): Pipeline {
  const watch = <I, O>(name: StageName, stage: Stage<I, O>) => observed(name, stage, observer.stage)
  const decode = watch('decode', stages.decode)
  const velocity = watch('velocity', stages.velocity)
  const score = watch('score', stages.score)
  const rules = watch('rules', stages.rules)
  const decide = watch('decide', stages.decide)
  const publish = watch('publish', (batch: Batch) => batch.source.publish(batch.outputs))
  const commit = watch('commit', (batch: Batch) => batch.source.commit())

  return async (source) => {
    const decoded = await decode(source)
    const measured = await velocity(decoded)
    const scored = await score(measured)
    const judged = await rules(scored)
    const decided = await decide(judged)
    await publish(decided)
    await commit(decided)
    observer.completed(decided)
  }
}
