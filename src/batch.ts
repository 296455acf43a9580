// What travels through the pipeline: one batch of a partition, with one mutable slot for each stage's result.
// Each slot starts with a value that is true before its stage ran (nothing known, not scored, nothing fired), so a
// stage fills it in place and no event is copied on its way.
import type { Decision } from './decision/decision.ts'
import type { RejectCode } from './errors.ts'
import type { ExpressionView } from './expression/view.ts'
import type { LogRecord, OutputRecord, PartitionBatch } from './log/event-log.ts'
import type { ChallengerScore, Score } from './model/score.ts'
import type { Label, PaymentEvent } from './payment/event.ts'
import { NO_LISTS } from './rules/lists.ts'
import type { FiredRule } from './rules/rule-set.ts'
import type { EntityRef } from './velocity/entity.ts'

export const STAGES = ['decode', 'velocity', 'score', 'rules', 'decide', 'publish', 'commit'] as const
export type StageName = (typeof STAGES)[number]

/** A payment event on its way. It is itself the view that compiled expressions read. */
export interface BatchEvent extends ExpressionView {
  readonly record: LogRecord
  readonly event: PaymentEvent
  /** The entities that the event names, each at most once. */
  readonly entities: readonly EntityRef[]
  /** Amount in minor units of the base currency, a whole number; NaN when there is no rate for the currency. */
  readonly amountBaseMinor: number
  /** rules: what fired, shadow rules included, in rule-set order. */
  fired: readonly FiredRule[]
  /** score: null when the event was not scored. */
  scored: Score | null
  /** score: null without a challenger. */
  challenged: ChallengerScore | null
  /** What a decision had to do without, e.g. `rate:XAF`. Sorted when published. */
  degraded: string[]
  /** decide: null before. */
  decision: Decision | null
}

export interface BatchLabel {
  readonly record: LogRecord
  readonly label: Label
  /** When it became known, epoch milliseconds. */
  readonly timeMs: number
  /** Time of the labelled event, as far as the label says it; else when it became known. Epoch milliseconds. */
  readonly eventMs: number
  readonly entities: readonly EntityRef[]
}

/** A message that cannot become a decision, and why. It travels with the batch and is published as a dead letter. */
export interface Rejected {
  readonly record: LogRecord
  readonly code: RejectCode
  readonly stage: StageName
  /** Names the field and the remedy; never holds a card number. */
  readonly message: string
}

/** What may change between two batches under one rule set. */
export interface JudgedWith {
  /** Version of the lists. */
  readonly lists: string
  /** Ids of the rules that the breaker has put into shadow, sorted. */
  readonly demoted: readonly string[]
}

/** No list has an entry and no rule is demoted. */
export const JUDGED_WITH_NOTHING: JudgedWith = Object.freeze({ lists: NO_LISTS, demoted: Object.freeze([]) })

export interface Batch {
  readonly source: PartitionBatch
  readonly events: BatchEvent[]
  readonly labels: BatchLabel[]
  readonly rejected: Rejected[]
  /** rules: what every event of the batch was judged with, besides the rule set. */
  judgedWith: JudgedWith
  /** decide fills it; publish sends it. */
  readonly outputs: OutputRecord[]
}

/** A batch before its first stage. */
export function emptyBatch(source: PartitionBatch): Batch {
  return { source, events: [], labels: [], rejected: [], outputs: [], judgedWith: JUDGED_WITH_NOTHING }
}
