// Scores of different fits on one scale: each less the value that 1 % of the latest known payments reached. A fit has constants of its own,
// and what is served is a percentile of recent traffic; without this, one fit's payments would all rank above another's.
import { quantileOf } from '../model/scaling.ts'
import type { TrainingSet } from '../model/training-rows.ts'
import type { FittedJudge, JudgedRows, ScoreId } from './judge.ts'

type Scores = ReturnType<FittedJudge['score']>

const LATEST_ROWS = 10_000
const QUANTILE = 0.99

/** `score`, levelled by the latest rows of what was known when it was fitted. */
export function levelled(
  { matrix, rows, amounts }: Pick<TrainingSet, 'matrix' | 'rows' | 'amounts'>,
  score: (rows: JudgedRows) => Scores,
): (rows: JudgedRows) => Scores {
  const from = Math.max(0, rows - LATEST_ROWS)
  const width = matrix.length / rows
  const latest = { matrix: matrix.subarray(from * width), rows: rows - from, amounts: amounts.subarray(from) }
  const levels = new Map<ScoreId, number>()
  for (const [id, values] of score(latest))
    if (values !== null) levels.set(id, quantileOf(Float64Array.from(values).sort(), QUANTILE))
  return (judged) =>
    new Map(
      Array.from(score(judged), ([id, values]) => {
        const level = levels.get(id) ?? 0
        return [id, values === null ? null : Float64Array.from(values, (value) => value - level)]
      }),
    )
}
