// Of each day's frauds, the share above the score that 1 % of the whole span's genuine payments reach.
import { descending } from '../model/ranking.ts'
import type { JudgedDay } from './prequential.ts'

const FALSE_POSITIVES = 0.01

/** Null for a day without fraud. */
export function recallByDay(
  scores: ArrayLike<number>,
  isFraud: readonly boolean[],
  days: readonly Pick<JudgedDay, 'from' | 'to'>[],
): (number | null)[] {
  const first = days[0]?.from ?? 0
  const genuine = isFraud.filter((fraud) => !fraud).length
  const bound = scores[thresholdRow(scores, isFraud, FALSE_POSITIVES * genuine)] ?? Number.POSITIVE_INFINITY
  return days.map(({ from, to }) => {
    let frauds = 0
    let found = 0
    for (let row = from - first; row < to - first; row++) {
      if (isFraud[row] !== true) continue
      frauds++
      if ((scores[row] ?? Number.NaN) > bound) found++
    }
    return frauds === 0 ? null : found / frauds
  })
}

/** The highest genuine row that may not be reached: whatever scores above it stops at most so many. */
function thresholdRow(scores: ArrayLike<number>, isFraud: readonly boolean[], most: number): number {
  let stopped = 0
  for (const row of descending(scores, isFraud.length)) {
    if (isFraud[row] === true) continue
    stopped++
    if (stopped > most) return row
  }
  return -1
}
