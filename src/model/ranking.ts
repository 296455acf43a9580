// How well a score ranks fraud above genuine payments. Ties count as half, in every measure.

export interface Ranking {
  /** Area under the ROC curve: chance that a fraud scores above a genuine payment. */
  readonly auc: number
  /** Mean precision over the frauds from the top down; its floor is the share of fraud. */
  readonly average_precision: number
  /** Share of the frauds found when 1 % of the genuine payments are stopped. */
  readonly recall_at_1_percent_false_positives: number
}

const FALSE_POSITIVES = 0.01
const DECIMALS = 10_000

/** Ranks by descending score. NaN is ranked last. All measures are 0 when either class is missing. */
export function ranking(scores: ArrayLike<number>, isFraud: readonly boolean[]): Ranking {
  const value = (i: number): number => {
    const score = scores[i] ?? Number.NaN
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score
  }
  const order = isFraud
    .map((_, i) => i)
    .sort((a, b) => (value(b) > value(a) ? 1 : value(b) < value(a) ? -1 : 0))
  const frauds = isFraud.filter(Boolean).length
  const genuine = isFraud.length - frauds
  if (frauds === 0 || genuine === 0)
    return { auc: 0, average_precision: 0, recall_at_1_percent_false_positives: 0 }
  let found = 0
  let stopped = 0
  let area = 0
  let precision = 0
  let recall = 0
  for (let i = 0; i < order.length; ) {
    let end = i
    let tiedFrauds = 0
    for (; end < order.length && value(order[end] ?? 0) === value(order[i] ?? 0); end++) {
      if (isFraud[order[end] ?? 0] === true) tiedFrauds++
    }
    const tiedGenuine = end - i - tiedFrauds
    area += tiedGenuine * (found + tiedFrauds / 2)
    found += tiedFrauds
    stopped += tiedGenuine
    precision += tiedFrauds * (found / (found + stopped))
    if (stopped <= FALSE_POSITIVES * genuine) recall = found / frauds
    i = end
  }
  return {
    auc: round(area / (frauds * genuine)),
    average_precision: round(precision / frauds),
    recall_at_1_percent_false_positives: round(recall),
  }
}

function round(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS
}
