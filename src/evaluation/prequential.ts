// Prequential judging, day by day: what is judged on a day was fitted to payments that had arrived before that day began, and to labels that
// were known before it. Every payment of the span is scored once, by the latest fit before its day.
import { knownSet, type TrainingSet } from '../model/training-rows.ts'
import type { FittedJudge, Judge, JudgedRows, ScoreId } from './judge.ts'

export interface PrequentialOptions {
  readonly set: TrainingSet
  readonly judges: readonly Judge[]
  /** Judged are payments that arrive with or after the first one of this time and before the first one of `untilMs`. */
  readonly sinceMs: number
  readonly untilMs: number
  /** Days between two fits. */
  readonly everyDays: number
  /** Whether no time is left to fit again; the last fit then judges what remains. */
  readonly isOver: () => boolean
  readonly onProgress: (day: number, ofDays: number) => void
}

export interface JudgedDay {
  /** `yyyy-mm-dd`, UTC. */
  readonly day: string
  /** Rows of the set. */
  readonly from: number
  readonly to: number
}

export interface Fit {
  readonly day: string
  /** Payments that were known, and how many of them were labelled fraud. */
  readonly payments: number
  readonly frauds: number
}

export interface Scored {
  readonly days: readonly JudgedDay[]
  readonly fits: readonly Fit[]
  /** Scores of the rows of all days, one after another; null when a fit of the span had none. */
  readonly scores: ReadonlyMap<ScoreId, Float64Array | null>
}

const DAY_MS = 86_400_000

/** Judges day by day. The days are empty when no payment is within the span. */
export async function judgeDays(options: PrequentialOptions): Promise<Scored> {
  const { set, judges, everyDays, isOver, onProgress } = options
  const days = daysOf(set, options)
  const first = days[0]?.from ?? 0
  const rows = (days.at(-1)?.to ?? first) - first
  const scores = new Map<ScoreId, Float64Array | null>()
  const fits: Fit[] = []
  let fitted: FittedJudge[] = []
  let fittedAtMs = Number.NEGATIVE_INFINITY
  for (const [i, { day, from, to }] of days.entries()) {
    const startMs = Date.parse(day)
    onProgress(i, days.length)
    if (fits.length === 0 || (startMs - fittedAtMs >= everyDays * DAY_MS && !isOver())) {
      for (const judge of fitted) judge.close()
      const known = knownSet(set, from, startMs)
      fitted = []
      for (const judge of judges) fitted.push(await judge.fit(known))
      fittedAtMs = startMs
      fits.push({ day, payments: known.rows, frauds: known.isFraud.filter(Boolean).length })
    }
    const judged = rowsOf(set, from, to)
    for (const judge of fitted) {
      for (const [id, values] of judge.score(judged)) {
        if (!scores.has(id)) scores.set(id, new Float64Array(rows))
        if (values === null) scores.set(id, null)
        else scores.get(id)?.set(Float64Array.from(values), from - first)
      }
    }
  }
  for (const judge of fitted) judge.close()
  onProgress(days.length, days.length)
  return { days, fits, scores }
}

/** Days that have payments. One that arrives after midnight belongs to the day on which it arrives. */
function daysOf({ timesMs }: TrainingSet, { sinceMs, untilMs }: PrequentialOptions): JudgedDay[] {
  const days: JudgedDay[] = []
  const end = firstFrom(timesMs, untilMs)
  let from = firstFrom(timesMs, sinceMs)
  while (from < end) {
    const startMs = Math.floor((timesMs[from] ?? 0) / DAY_MS) * DAY_MS
    let to = from + 1
    while (to < end && (timesMs[to] ?? 0) < startMs + DAY_MS) to++
    days.push({ day: new Date(startMs).toISOString().slice(0, 10), from, to })
    from = to
  }
  return days
}

function firstFrom(timesMs: Float64Array, ms: number): number {
  const index = timesMs.findIndex((time) => time >= ms)
  return index < 0 ? timesMs.length : index
}

function rowsOf({ matrix, rows, amounts }: TrainingSet, from: number, to: number): JudgedRows {
  const width = matrix.length / rows
  return {
    matrix: matrix.subarray(from * width, to * width),
    rows: to - from,
    amounts: amounts.subarray(from, to),
  }
}
