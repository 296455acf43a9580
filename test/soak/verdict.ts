// What a soak must show, and by which bound. All of it is computed from the samples and counts, so that a report can be checked.
import type { Decided, Sample } from './samples.ts'
import { POISON_EVERY } from './traffic.ts'

/** Part of the soak in which caches fill and code is compiled; memory counts from then on. */
export const WARM_UP_SHARE = 0.25
/** Memory may grow by this part of its mean from the end of the warm-up to the end, by the line that fits best. */
export const MAX_GROWTH_SHARE = 0.1
/** After a fault is put right, the lag must be back at what arrives in a few seconds within this time. */
export const CAUGHT_UP_WITHIN_S = 120
/** The rate is half of the saturation measured before; of that measured after it may be this part, since a shared machine varies. */
export const MAX_RATE_SHARE = 0.65

/** Rejected messages are cheap: more of them than the bad ones, and some over for those that were published twice, are no load. */
export const MAX_REJECTED_SHARE = 1.2 / POISON_EVERY

/** Of the decisions of a soak this part may be made without whole journals: faults last for a tenth of it. */
export const MAX_WITHOUT_JOURNALS_SHARE = 0.1

export interface FaultMark {
  readonly name: string
  /** Seconds since the soak began. */
  readonly from: number
  /** When what it broke was put right. */
  readonly to: number
  /** When the lag was back; null if it never was. */
  readonly caughtUpAt: number | null
}

export interface Outcome {
  readonly published: number
  /** Messages with a dead letter. */
  readonly rejected: number
  /** Messages without a decision or dead letter. */
  readonly undecided: number
  /** Messages with more than one, where there must be one. */
  readonly repeated: number
  /** Processors that ended by themselves, or not as told. */
  readonly endings: readonly string[]
}

export interface Soaked {
  /** Records a second that two processors take on this machine, beside broker, Redis and publisher: before the soak and after it. */
  readonly saturation: { readonly before: number; readonly after: number }
  readonly rate: number
  /** In the soak, by the processor that is never killed. */
  readonly decided: Decided
  /** Until the soak ends; saturation is measured again after them. */
  readonly samples: readonly Sample[]
  readonly faults: readonly FaultMark[]
  readonly outcome: Outcome
}

export interface Memory {
  readonly meanBytes: number
  /** Of the line that fits best, bytes an hour. */
  readonly slope: number
  /** What the line grew by over the measured time, as a part of the mean. */
  readonly growthShare: number
}

export function memoryOf(samples: readonly Sample[]): Memory {
  const end = samples.at(-1)?.at ?? 0
  const points = samples.flatMap(({ at, memoryBytes }) =>
    memoryBytes === null || at < end * WARM_UP_SHARE ? [] : [{ at, value: memoryBytes }],
  )
  const meanBytes = mean(points.map(({ value }) => value))
  const meanAt = mean(points.map(({ at }) => at))
  const spread = points.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0)
  const together = points.reduce((sum, { at, value }) => sum + (at - meanAt) * (value - meanBytes), 0)
  const perSecond = spread === 0 ? 0 : together / spread
  const measuredS = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)
  return { meanBytes, slope: perSecond * 3_600, growthShare: (perSecond * measuredS) / meanBytes }
}

/** A sentence for each thing that is not as it must be. */
export function problemsOf({ samples, faults, outcome, rate, saturation, decided }: Soaked): string[] {
  const memory = memoryOf(samples)
  const problems = [...outcome.endings]
  if (!(memory.growthShare <= MAX_GROWTH_SHARE)) {
    problems.push(
      `memory grew by ${percent(memory.growthShare)} of its mean after the warm-up; at most ${percent(MAX_GROWTH_SHARE)} is allowed`,
    )
  }
  for (const { name, to, caughtUpAt } of faults) {
    if (caughtUpAt === null || caughtUpAt - to > CAUGHT_UP_WITHIN_S) {
      problems.push(`the lag was not back ${CAUGHT_UP_WITHIN_S} s after ${name}`)
    }
  }
  if (rate > saturation.after * MAX_RATE_SHARE) {
    problems.push(
      `the soak ran at ${percent(rate / saturation.after)} of what was taken after it; at most ${percent(MAX_RATE_SHARE)} is half of the saturation: was the machine shared?`,
    )
  }
  const withoutShare = decided.withoutJournals / decided.decisions
  if (!(withoutShare <= MAX_WITHOUT_JOURNALS_SHARE)) {
    problems.push(
      `${percent(withoutShare)} of the decisions were made without whole journals; at most ${percent(MAX_WITHOUT_JOURNALS_SHARE)} is allowed`,
    )
  }
  if (outcome.rejected > outcome.published * MAX_REJECTED_SHARE) {
    problems.push(
      `${outcome.rejected} of ${outcome.published} messages were rejected; only one in ${POISON_EVERY} is bad`,
    )
  }
  if (outcome.undecided > 0)
    problems.push(`${outcome.undecided} of ${outcome.published} messages have no decision`)
  if (outcome.repeated > 0) problems.push(`${outcome.repeated} messages were decided more than once`)
  return problems
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
