// The numbers of windows over a folded journal, as of one of its records.
// Guarantees that they depend on the records up to that one alone: neither on later ones, nor on how the journal came here.
import { type Journal, type Ordinal, seriesOf, timeOf } from './journal.ts'
import {
  counterpartAt,
  knownBetween,
  ordinalAt,
  rowsUpTo,
  type Series,
  seriesUpTo,
  sumBetween,
  timeAt,
} from './series.ts'
import type { PlannedWindow, WindowRange } from './window-plan.ts'

/**
 * Writes the values of `ranges` into `out`, each at its slot: seconds for first_seen and last_seen, major units for amounts.
 * Slots of kinds that the journal does not have stay as they are. `ordinal` is the event's own record.
 */
export type WindowComputer = (
  journal: Journal,
  ordinal: Ordinal,
  ranges: readonly WindowRange[],
  out: Float64Array,
) => void

/** `minorPerMajor` is of the base currency: 100 for EUR, 1 for JPY. */
export function createWindowComputer(minorPerMajor: number): WindowComputer {
  const countDistinct = createDistinctCounter()

  function value(
    series: Series,
    from: number,
    to: number,
    timeMs: number,
    ordinal: Ordinal,
    window: PlannedWindow,
  ): number {
    switch (window.fn) {
      case 'count':
        return to - from
      case 'sum':
        return sumBetween(series, from, to) / minorPerMajor
      case 'mean':
        // 0 / 0 is NaN, as it should be without a known amount.
        return sumBetween(series, from, to) / (knownBetween(series, from, to) * minorPerMajor)
      case 'min':
        return smallest(series, from, to, 1) / minorPerMajor
      case 'max':
        return -smallest(series, from, to, -1) / minorPerMajor
      case 'stddev':
        return deviation(series, from, to) / minorPerMajor
      case 'distinct':
        return countDistinct(series, from, to, window.column)
      case 'first_seen':
        return from < to ? (timeMs - timeAt(series, from)) / 1_000 : Number.NaN
      case 'last_seen': {
        // Among rows of its own time the event's record is the last one: it has the highest ordinal.
        const end = to > from && ordinalAt(series, to - 1) === ordinal ? to - 1 : to
        return from < end ? (timeMs - timeAt(series, end - 1)) / 1_000 : Number.NaN
      }
    }
  }

  return (journal, ordinal, ranges, out) => {
    if (ranges.length === 0) return
    const timeMs = timeOf(journal, ordinal)
    const isNewest = ordinal === journal.ids.size - 1
    let series: Series | null = null
    for (const range of ranges) {
      if (series?.kind !== range.kind) {
        const all = seriesOf(journal, range.kind)
        series = all === null || isNewest ? all : seriesUpTo(all, ordinal)
      }
      if (series === null) continue
      const to = rowsUpTo(series, timeMs)
      const from = rowsUpTo(series, timeMs - range.lengthMs)
      for (const window of range.windows) out[window.slot] = value(series, from, to, timeMs, ordinal, window)
    }
  }
}

/** The smallest of the known amounts times `sign`; NaN without any. */
function smallest(series: Series, from: number, to: number, sign: 1 | -1): number {
  let found = Number.NaN
  for (let row = from; row < to; row++) {
    if (knownBetween(series, row, row + 1) === 0) continue
    const amount = sumBetween(series, row, row + 1) * sign
    if (!(amount >= found)) found = amount
  }
  return found
}

/** Sample standard deviation (n - 1) in two passes, in the order of the rows, so that rounding repeats; NaN below two. */
function deviation(series: Series, from: number, to: number): number {
  const count = knownBetween(series, from, to)
  if (count < 2) return Number.NaN
  const mean = sumBetween(series, from, to) / count
  let squares = 0
  for (let row = from; row < to; row++) {
    if (knownBetween(series, row, row + 1) === 0) continue
    squares += (sumBetween(series, row, row + 1) - mean) ** 2
  }
  return Math.sqrt(squares / (count - 1))
}

/** Counts different counterparts, none (0) excepted, in a table that is used again: each use has a number of its own. */
function createDistinctCounter(): (series: Series, from: number, to: number, column: number) => number {
  let values = new Float64Array(64)
  let uses = new Uint32Array(64)
  let use = 0
  return (series, from, to, column) => {
    if ((to - from) * 2 > values.length || use === 0xffff_ffff) {
      let length = values.length
      while (length < (to - from) * 2) length *= 2
      values = new Float64Array(length)
      uses = new Uint32Array(length)
      use = 0
    }
    use++
    const mask = values.length - 1
    let count = 0
    for (let row = from; row < to; row++) {
      const hash48 = counterpartAt(series, row, column)
      if (hash48 === 0) continue
      let place = hash48 & mask
      while (uses[place] === use && values[place] !== hash48) place = (place + 1) & mask
      if (uses[place] === use) continue
      uses[place] = use
      values[place] = hash48
      count++
    }
    return count
  }
}
