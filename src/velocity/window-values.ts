// The numbers of windows over a folded journal, as of one of its records.
// Guarantees that they depend on the records up to that one alone: neither on later ones, nor on what was coalesced when.
import { collectBuckets, firstKeyIn, lastKeyIn } from './buckets.ts'
import { createDistinctCounter, createSlidingDistinct, slideTo } from './distinct.ts'
import { FIRST_LABEL_KIND, RECORD_KINDS } from './entity.ts'
import { limbsToNumber, spreadOf, SUM_LIMBS } from './exact-sum.ts'
import { edgeAt } from './grid.ts'
import { keysAfter } from './id-index.ts'
import type { Journal, Own } from './journal.ts'
import { keysOfLabel, labelsUpTo } from './labels.ts'
import { distanceKm } from './position.ts'
import { collect, type Cursor, findFirst, findLast, type RowRange } from './row-range.ts'
import { isLeaf } from './row-tree.ts'
import { keyAt, keyOf, positionAt, strideOf, timeOfKey } from './rows.ts'
import { clearTotals, countOf, createTotals, knownOf, maxOf, minOf, SQUARES_AT, SUM_AT } from './totals.ts'
import type { PlannedWindow, WindowRange } from './window-plan.ts'

/**
 * Writes the values of `ranges` into `out`, each at its slot: seconds for first_seen and last_seen, major units for amounts,
 * kilometres and kilometres an hour for distance and speed. `own` is the event's own record.
 */
export type WindowComputer = (
  journal: Journal,
  own: Own,
  ranges: readonly WindowRange[],
  out: Float64Array,
) => void

export interface WindowComputerOptions {
  /** Of the base currency: 100 for EUR, 1 for JPY. */
  readonly minorPerMajor: number
  readonly exactHorizonMs: number
}

/** Later rows that are listed one by one; with more of them every row of a window is looked at. */
const MOST_LATER = 2_048
const NONE_LATER = new Float64Array(0)
const MS_PER_HOUR = 3_600_000
/** Two payments in one moment are as far apart as one second allows. */
const LEAST_SPEED_MS = 1_000

export function createWindowComputer({
  minorPerMajor,
  exactHorizonMs,
}: WindowComputerOptions): WindowComputer {
  const countDistinct = createDistinctCounter()
  const totals = createTotals()
  const payments = createTotals()
  const found: Cursor = { leaf: null, row: 0 }
  const range: RowRange = { low: 0, high: 0, ordinal: Number.POSITIVE_INFINITY, later: NONE_LATER }

  /** The number of records in the range as it is set. */
  function total(journal: Journal, amounts: boolean, into: Float64Array): void {
    clearTotals(into, 0)
    collect(journal, range, amounts, into)
    if (journal.buckets !== null) collectBuckets(journal.buckets, range.low, range.high, into)
  }

  function rate(journal: Journal, kind: number): number {
    const { low, high } = range
    const shift = keyOf(kind, 0) - keyOf(RECORD_KINDS.payment, 0)
    range.low = low - shift
    range.high = high - shift
    total(journal, false, payments)
    range.low = low
    range.high = high
    return countOf(payments) === 0 ? Number.NaN : countOf(totals) / countOf(payments)
  }

  function firstSeen(journal: Journal, own: Own): number {
    const inBuckets =
      journal.buckets === null ? Number.NaN : firstKeyIn(journal.buckets, range.low, range.high)
    const hasRow = findFirst(journal, range, found) && found.leaf !== null
    const inRows =
      hasRow && found.leaf !== null ? keyAt(found.leaf, found.row, strideOf(journal.slots)) : Number.NaN
    const key = Number.isNaN(inBuckets) || inRows < inBuckets ? inRows : inBuckets
    return (own.timeMs - timeOfKey(key)) / 1_000
  }

  function lastSeen(journal: Journal, own: Own): number {
    const inBuckets =
      journal.buckets === null ? Number.NaN : lastKeyIn(journal.buckets, range.low, range.high)
    const inRows = earlier(journal, own, false)
      ? keyAt(leafFound(), found.row, strideOf(journal.slots))
      : Number.NaN
    const key = Number.isNaN(inBuckets) || inRows > inBuckets ? inRows : inBuckets
    return (own.timeMs - timeOfKey(key)) / 1_000
  }

  function leafFound() {
    if (found.leaf === null) throw new Error('no row was found')
    return found.leaf
  }

  /** Finds the last row before the event's own, which is the last one of its time: it has the highest ordinal. */
  function earlier(journal: Journal, own: Own, positioned: boolean): boolean {
    const { ordinal, later } = range
    range.ordinal = own.ordinal - 1
    // Rows between are skipped one by one; they are few.
    if (later !== null && later.length > 0) range.later = null
    const isFound = findLast(journal, range, positioned, found)
    range.ordinal = ordinal
    range.later = later
    return isFound
  }

  function travelled(journal: Journal, own: Own, fn: 'distance' | 'speed'): number {
    if (own.position === 0 || !earlier(journal, own, true)) return Number.NaN
    const stride = strideOf(journal.slots)
    const leaf = leafFound()
    const km = distanceKm(positionAt(leaf, found.row, stride), own.position)
    if (fn === 'distance') return km
    const tookMs = own.timeMs - timeOfKey(keyAt(leaf, found.row, stride))
    return km / (Math.max(tookMs, LEAST_SPEED_MS) / MS_PER_HOUR)
  }

  function distinct(journal: Journal, { slot, column }: PlannedWindow): number {
    if (isLeaf(journal.root)) return countDistinct(journal, range, column)
    journal.sliding ??= new Map()
    const window = journal.sliding.get(slot) ?? createSlidingDistinct(column)
    journal.sliding.set(slot, window)
    return slideTo(window, journal, range)
  }

  function value(journal: Journal, own: Own, kind: number, window: PlannedWindow): number {
    const known = knownOf(totals)
    switch (window.fn) {
      case 'count':
        return countOf(totals)
      case 'sum':
        return limbsToNumber(totals, SUM_AT, SUM_LIMBS) / minorPerMajor
      case 'mean':
        // 0 / 0 is NaN, as it should be without a known amount.
        return limbsToNumber(totals, SUM_AT, SUM_LIMBS) / (known * minorPerMajor)
      case 'min':
        return known === 0 ? Number.NaN : minOf(totals) / minorPerMajor
      case 'max':
        return known === 0 ? Number.NaN : maxOf(totals) / minorPerMajor
      case 'stddev':
        // Sample standard deviation (n - 1), from exact sums, so that it does not depend on how records were grouped.
        return known < 2
          ? Number.NaN
          : Math.sqrt(spreadOf(known, totals, SUM_AT, SQUARES_AT) / (known * (known - 1))) / minorPerMajor
      case 'distinct':
        return distinct(journal, window)
      case 'rate':
        return rate(journal, kind)
      case 'first_seen':
        return firstSeen(journal, own)
      case 'last_seen':
        return lastSeen(journal, own)
      case 'distance':
      case 'speed':
        return travelled(journal, own, window.fn)
    }
  }

  return (journal, own, ranges, out) => {
    const isNewest = own.ordinal === journal.newest
    range.ordinal = isNewest ? Number.POSITIVE_INFINITY : own.ordinal
    range.later = isNewest ? NONE_LATER : laterThan(journal, own.ordinal)
    const labels = !isNewest && journal.labels !== null ? labelsUpTo(journal.labels, own.ordinal) : null
    for (const planned of ranges) {
      const { kind } = planned
      const fromMs = edgeAt(own.timeMs, planned.fromAgeMs, exactHorizonMs)
      range.low = keyOf(kind, Math.max(0, fromMs))
      range.high = keyOf(kind, Math.max(0, edgeAt(own.timeMs, planned.toAgeMs, exactHorizonMs)))
      if (labels !== null && kind >= FIRST_LABEL_KIND) {
        // A label that a later one took the place of is no row any more, but counted then.
        const keys = labels.flatMap(keysOfLabel).filter((key) => key > range.low && key <= range.high)
        for (const window of planned.windows)
          out[window.slot] = ofLabels(
            keys.sort((a, b) => a - b),
            window,
            journal,
            own,
            kind,
          )
        continue
      }
      if (planned.needsTotals) total(journal, planned.needsAmounts, totals)
      for (const window of planned.windows) out[window.slot] = value(journal, own, kind, window)
    }
  }

  /** Windows over labels whose keys in the range are given. */
  function ofLabels(
    keys: readonly number[],
    window: PlannedWindow,
    journal: Journal,
    own: Own,
    kind: number,
  ): number {
    clearTotals(totals, 0)
    totals[0] = keys.length
    const [first, last] = [keys[0], keys.at(-1)]
    if (window.fn === 'first_seen')
      return first === undefined ? Number.NaN : (own.timeMs - timeOfKey(first)) / 1_000
    if (window.fn === 'last_seen')
      return last === undefined ? Number.NaN : (own.timeMs - timeOfKey(last)) / 1_000
    return value(journal, own, kind, window)
  }
}

function laterThan({ index }: Journal, ordinal: number): Float64Array | null {
  return index === null ? null : keysAfter(index, ordinal, MOST_LATER)
}
