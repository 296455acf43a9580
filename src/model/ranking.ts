// How well a score ranks fraud above genuine payments. Ties count as half, in every measure.

export interface Ranking {
  /** Area under the ROC curve: chance that a fraud scores above a genuine payment. */
  readonly auc: number
  /** Mean precision over the frauds from the top down; its floor is the share of fraud. */
  readonly average_precision: number
  /** Share of the frauds found when 1 % of the genuine payments are stopped. */
  readonly recall_at_1_percent_false_positives: number
}

const DECIMALS = 10_000

/** Ranks by descending score. NaN is ranked last. All measures are 0 when either class is missing. */
export function ranking(scores: ArrayLike<number>, isFraud: readonly boolean[]): Ranking {
  const kinds = Uint8Array.from(isFraud, (fraud) => (fraud ? 1 : 0))
  const [all] = createRanker(scores, { kinds, kindCount: 1, amounts: null })(null)
  return {
    auc: round(all?.auc ?? 0),
    average_precision: round(all?.averagePrecision ?? 0),
    recall_at_1_percent_false_positives: round(all?.recallAt1 ?? 0),
  }
}

/** Figures of one score against one kind of fraud. */
export interface RankFigures {
  readonly auc: number
  readonly averagePrecision: number
  /** Share of the frauds above the score that 1 % of the genuine payments reach, and that 0.1 % reach. */
  readonly recallAt1: number
  readonly recallAt01: number
  /** Share of the frauds' money at 1 %. */
  readonly valueAt1: number
}

export interface RankedRows {
  /** 0 is genuine, from 1 on the kind of fraud. */
  readonly kinds: Uint8Array
  readonly kindCount: number
  /** Null when money is not asked for. NaN is no money. */
  readonly amounts: Float64Array | null
}

/** How often each row counts; null is once. */
export type RowWeights = ((row: number) => number) | null

/**
 * Sorts once; what it returns measures with any weights, in one pass: against all fraud first, then against each kind alone, with all
 * genuine payments every time. All figures are 0 when either class is missing.
 */
export function createRanker(
  scores: ArrayLike<number>,
  { kinds, kindCount, amounts }: RankedRows,
): (weights: RowWeights) => RankFigures[] {
  const order = descending(scores, kinds.length)
  return (weights) => {
    const weigh = weights ?? (() => 1)
    let genuine = 0
    for (let row = 0; row < kinds.length; row++) if (kinds[row] === 0) genuine += weigh(row)
    const counts = Array.from({ length: kindCount + 1 }, createCount)
    const touched: Count[] = []
    let stopped = 0
    for (let i = 0; i < order.length; ) {
      const score = scores[order[i] ?? 0]
      const before = stopped
      let end = i
      // NaN equals nothing, so what cannot be ranked would be a group each; it is one.
      while (end < order.length && sameScore(scores[order[end] ?? 0], score)) {
        const row = order[end++] ?? 0
        const kind = kinds[row] ?? 0
        const weight = weigh(row)
        if (kind === 0) stopped += weight
        else if (weight > 0) {
          const money = weight * moneyOf(amounts?.[row])
          tie(counts[0], weight, money, touched)
          if (kindCount > 1) tie(counts[kind], weight, money, touched)
        }
      }
      for (const count of touched.splice(0)) settle(count, before, stopped, genuine)
      i = end
    }
    if (kindCount === 1 && counts[0] !== undefined) counts[1] = counts[0]
    return counts.map((count) => figures(count, genuine))
  }
}

interface Count {
  found: number
  tied: number
  money: number
  tiedMoney: number
  area: number
  precision: number
  at1: number
  at01: number
  moneyAt1: number
}

function createCount(): Count {
  return {
    found: 0,
    tied: 0,
    money: 0,
    tiedMoney: 0,
    area: 0,
    precision: 0,
    at1: 0,
    at01: 0,
    moneyAt1: 0,
  }
}

function tie(count: Count | undefined, weight: number, money: number, touched: Count[]): void {
  if (count === undefined) return
  if (count.tied === 0) touched.push(count)
  count.tied += weight
  count.tiedMoney += money
}

/** Counts the frauds of one group of equal scores, with `before` genuine payments above and `stopped` of them down to its end. */
function settle(count: Count, before: number, stopped: number, genuine: number): void {
  count.area += count.tied * (genuine - (before + stopped) / 2)
  count.found += count.tied
  count.money += count.tiedMoney
  count.precision += count.tied * (count.found / (count.found + stopped))
  if (stopped <= 0.01 * genuine) {
    count.at1 = count.found
    count.moneyAt1 = count.money
  }
  if (stopped <= 0.001 * genuine) count.at01 = count.found
  count.tied = 0
  count.tiedMoney = 0
}

function figures(
  { found, area, precision, at1, at01, money, moneyAt1 }: Count,
  genuine: number,
): RankFigures {
  if (found === 0 || genuine === 0)
    return { auc: 0, averagePrecision: 0, recallAt1: 0, recallAt01: 0, valueAt1: 0 }
  return {
    auc: area / (found * genuine),
    averagePrecision: precision / found,
    recallAt1: at1 / found,
    recallAt01: at01 / found,
    valueAt1: money > 0 ? moneyAt1 / money : 0,
  }
}

/** Row numbers by descending score, NaN last, equal ones by number. */
export function descending(scores: ArrayLike<number>, rows: number): Uint32Array {
  const keys = Float64Array.from({ length: rows }, (_, row) => {
    const score = scores[row] ?? Number.NaN
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score
  })
  return Uint32Array.from(keys, (_, row) => row).sort((a, b) => {
    const [left = 0, right = 0] = [keys[a], keys[b]]
    return left === right ? a - b : right > left ? 1 : -1
  })
}

function sameScore(a: number | undefined, b: number | undefined): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

function moneyOf(amount: number | undefined): number {
  return amount === undefined || Number.isNaN(amount) ? 0 : amount
}

function round(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS
}
