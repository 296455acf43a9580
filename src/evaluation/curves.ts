// The ROC and the precision-recall curve of a score, thinned out for drawing.
import { descending } from '../model/ranking.ts'

export interface CurvePoint {
  readonly x: number
  readonly y: number
}

export interface Curves {
  /** False positive rate and recall. */
  readonly roc: readonly CurvePoint[]
  /** Recall and precision. */
  readonly precisionRecall: readonly CurvePoint[]
}

/** Points of a curve, about; more are not seen. */
const POINTS = 160
const DECIMALS = 1e5

/** Both are empty when either class is missing. */
export function curvesOf(scores: ArrayLike<number>, isFraud: readonly boolean[]): Curves {
  const frauds = isFraud.filter(Boolean).length
  const genuine = isFraud.length - frauds
  if (frauds === 0 || genuine === 0) return { roc: [], precisionRecall: [] }
  const order = descending(scores, isFraud.length)
  const roc: CurvePoint[] = [{ x: 0, y: 0 }]
  const precisionRecall: CurvePoint[] = []
  let found = 0
  let drawnFound = 0
  for (const [i, row] of order.entries()) {
    if (isFraud[row] === true) found++
    const next = order[i + 1]
    if (next !== undefined && scores[next] === scores[row]) continue
    // A step of both curves is drawn only when enough frauds have come since the last.
    if (next !== undefined && (found - drawnFound) * POINTS < frauds) continue
    drawnFound = found
    roc.push({ x: rounded((i + 1 - found) / genuine), y: rounded(found / frauds) })
    precisionRecall.push({ x: rounded(found / frauds), y: rounded(found / (i + 1)) })
  }
  return { roc, precisionRecall }
}

function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS
}
