// An evaluation: heads and baselines judged day by day over the same payments, with the warnings that belong to the figures.
import { AppError } from '../errors.ts'
import { readyBackend } from '../model/backend.ts'
import type { Feature } from '../model/features.ts'
import type { Heads } from '../model/heads.ts'
import type { Manifest } from '../model/manifest.ts'
import type { TrainingSet } from '../model/training-rows.ts'
import { createBaselineJudge } from './baselines.ts'
import { createFrozenJudge, createHeadJudge } from './head-judges.ts'
import { judgeDays, type Scored } from './prequential.ts'
import { type EvaluationReport, reportOf } from './report.ts'

/** A model that is judged as it is. */
export interface FrozenModel {
  readonly version: string
  readonly manifest: Pick<Manifest, 'training'>
  readonly heads: Heads
}

export interface EvaluateOptions {
  readonly set: TrainingSet
  readonly features: readonly Feature[]
  /** Null fits the heads anew as the days go by. */
  readonly frozen: FrozenModel | null
  readonly source: string
  readonly isSimulated: boolean
  readonly currency: string
  readonly seed: number
  readonly epochs: number
  readonly everyDays: number
  readonly resamples: number
  /** Undefined judges the last two fifths of the time. Epoch milliseconds. */
  readonly sinceMs: number | undefined
  readonly untilMs: number | undefined
  readonly isOver: () => boolean
  readonly onProgress: (day: number, ofDays: number) => void
}

const DAY_MS = 86_400_000
/** Of the time, what is played before anything is judged. */
const LEARNING_SHARE = 0.6
const LEAST_KNOWN = 2_000

/** Throws CONFIG_INVALID when there is nothing to fit to or nothing to judge. */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationReport> {
  const { set, features, frozen, seed, epochs } = options
  const sinceMs = options.sinceMs ?? defaultSince(set)
  checkKnown(set, sinceMs)
  await readyBackend()
  const scored = await judgeDays({
    ...options,
    judges: [
      frozen === null ? createHeadJudge({ features, seed, epochs }) : createFrozenJudge(frozen.heads),
      createBaselineJudge({ features, seed }),
    ],
    sinceMs,
    untilMs: options.untilMs ?? Number.POSITIVE_INFINITY,
  })
  const report = reportOf(scored, {
    ...options,
    model: frozen?.version ?? null,
    warnings: warningsOf(scored, options),
  })
  if (report.judged.frauds === 0 || report.judged.frauds === report.judged.payments) {
    throw new AppError(
      'CONFIG_INVALID',
      `${report.judged.payments} payments were judged and ${report.judged.frauds} of them are fraud; widen --since and --until, or play more events`,
    )
  }
  return report
}

/** The first day of the last two fifths of the time. */
function defaultSince({ fromMs, toMs }: TrainingSet): number {
  return Math.ceil((fromMs + LEARNING_SHARE * (toMs - fromMs)) / DAY_MS) * DAY_MS
}

function checkKnown({ timesMs, rows }: TrainingSet, sinceMs: number): void {
  const first = timesMs.findIndex((ms) => ms >= sinceMs)
  const since = Number.isFinite(sinceMs) ? new Date(sinceMs).toISOString() : 'the first payment'
  if (first < 0)
    throw new AppError(
      'CONFIG_INVALID',
      `none of ${rows} payments is from ${since} on; give an earlier --since`,
    )
  if (first < LEAST_KNOWN) {
    throw new AppError(
      'CONFIG_INVALID',
      `${first} payments before ${since} are too few to fit to; play more events or give a later --since`,
    )
  }
}

function warningsOf({ fits, days, scores }: Scored, options: EvaluateOptions): string[] {
  const { isSimulated, frozen, everyDays, set } = options
  const warnings: string[] = []
  if (isSimulated) warnings.push('Simulated traffic: these figures prove nothing about real traffic.')
  else
    warnings.push(
      'Fraud whose label comes after the end of the file counts as genuine: --until leaves the last weeks out.',
    )
  if (frozen !== null && Date.parse(frozen.manifest.training.to) >= Date.parse(days[0]?.day ?? '')) {
    const same = frozen.manifest.training.matrix === set.digest ? 'this very traffic' : 'traffic'
    warnings.push(
      `The model was trained on ${same} up to ${frozen.manifest.training.to}: what is judged before that is memory, as far as it is the same.`,
    )
  }
  const span = (Date.parse(days.at(-1)?.day ?? '') - Date.parse(days[0]?.day ?? '')) / DAY_MS
  const wanted = Math.floor(span / everyDays) + 1
  if (fits.length < wanted && days.length === span + 1)
    warnings.push(
      `The time was over after ${fits.length} of ${wanted} fits: the last one judged what remained.`,
    )
  if (scores.get('supervised') === null)
    warnings.push('At some fit fewer than 30 frauds were labelled: the supervised head could not be judged.')
  return warnings
}
