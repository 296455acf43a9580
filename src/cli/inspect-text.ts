// An inspected journal as text for a terminal of 80 columns.
import { formatDuration } from '../rules/duration.ts'
import { COUNTERPARTS, type EntityType } from '../velocity/entity.ts'
import type { Ignored, JournalReport, ReportedBucket, ReportedRecord } from '../velocity/journal-report.ts'
import type { ReportedSight, ReportedWindow, WindowsAsOf } from '../velocity/journal-windows.ts'

export interface Inspected extends JournalReport, WindowsAsOf {
  readonly type: EntityType
  readonly key: string
  /** Currency of all amounts. */
  readonly base: string
  /** Of amounts in it: 2 for EUR. */
  readonly decimals: number
  readonly expiresInMs: number | null
  /** The time that the windows end at, epoch milliseconds. */
  readonly atMs: number
}

type Money = (amount: number | null) => string
const DETAIL = ' '.repeat(10)

/** Shows at most the last `limit` records and buckets. Hashes are shortened; the JSON form has them whole. */
export function inspectText(inspected: Inspected, limit: number): string {
  const { decimals, atMs, isExact } = inspected
  const money: Money = (amount) => (amount === null ? '-' : amount.toFixed(decimals))
  return [
    ...headLines(inspected),
    ...bucketLines(inspected.buckets, limit, money),
    ...recordsLines(inspected, limit, money),
    '',
    `Windows that end at ${iso(atMs)}`,
    ...(isExact
      ? []
      : [
          '  An event of this time would be too late for this journal. Old records are',
          '  joined or gone by now, so these numbers can be too low or too high.',
        ]),
    ...windowLines(inspected.windows, money),
    ...distinctLines(inspected.type, inspected.windows),
    ...sightLines(inspected.seen),
    '',
  ].join('\n')
}

function headLines({ key, records, buckets, bytes, epoch, expiresInMs }: Inspected): string[] {
  const joined = buckets.reduce((total, { count }) => total + count, 0)
  const counts = Map.groupBy(records, ({ ignored }) => ignored?.why ?? 'count')
  const ignored = (['repeated', 'late', 'superseded'] as const)
    .map((why) => ({ why, count: counts.get(why)?.length ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ why, count }) => `, ${count} ${why}`)
  const expiry =
    expiresInMs === null ? 'never' : `in ${formatDuration(roughly(expiresInMs))} without a record`
  return [
    `Journal  ${key}`,
    ...(joined === 0 ? [] : [`Buckets  ${buckets.length}, of ${joined} records that were joined`]),
    `Records  ${counts.get('count')?.length ?? 0} that count${ignored.join('')}`,
    `Size     ${bytes} bytes, epoch ${epoch}`,
    `Expires  ${expiry}`,
  ]
}

/** Nobody wants to know the milliseconds of 35 days. */
function roughly(ms: number): number {
  const unit = ms > 86_400_000 ? 3_600_000 : ms > 3_600_000 ? 60_000 : 1_000
  return Math.floor(ms / unit) * unit
}

function hiddenLine(total: number, limit: number): string[] {
  return total <= limit
    ? []
    : [`  ${'…'.padStart(6)}  ${total - limit} before; --limit ${total} shows them all`]
}

function bucketLines(buckets: readonly ReportedBucket[], limit: number, money: Money): string[] {
  if (buckets.length === 0) return []
  return [
    '',
    `  ${'BUCKET'.padEnd(14)}  ${'FROM'.padEnd(24)}  ${'TO'.padEnd(24)}  ${'COUNT'.padStart(10)}`,
    ...hiddenLine(buckets.length, limit),
    ...buckets
      .slice(-limit)
      .flatMap(({ kind, fromMs, toMs, count, sum, min, max }) => [
        `  ${kind.padEnd(14)}  ${iso(fromMs)}  ${iso(toMs)}  ${String(count).padStart(10)}`,
        `${DETAIL}sum ${money(sum)}  min ${money(min)}  max ${money(max)}`,
      ]),
  ]
}

function recordsLines({ records, base }: Inspected, limit: number, money: Money): string[] {
  return [
    '',
    `  ${'NO'.padStart(6)}  ${'TIME'.padEnd(24)}  ${'KIND'.padEnd(14)} ${`AMOUNT ${base}`.padStart(14)}  ID`,
    ...hiddenLine(records.length, limit),
    ...records.slice(-limit).flatMap((record) => recordLines(record, money)),
  ]
}

function recordLines(record: ReportedRecord, money: Money): string[] {
  const { number, timeMs, kind, amount, id, labelled, counterparts, ignored } = record
  const line = `  ${String(number).padStart(6)}  ${iso(timeMs)}  ${kind.padEnd(14)} ${money(amount).padStart(14)}  ${id.slice(0, 8)}`
  const others = Object.entries(counterparts).map(([type, hash]) => `${type} ${hash.slice(0, 8)}`)
  const about =
    labelled === null ? others.join('  ') : `of event ${labelled.id.slice(0, 8)} at ${iso(labelled.timeMs)}`
  const details = [about, ...(ignored === null ? [] : [`ignored: ${reasonOf(ignored)}`])]
  return [line, ...details.filter((text) => text !== '').map((text) => DETAIL + text)]
}

function reasonOf(ignored: Ignored): string {
  switch (ignored.why) {
    case 'repeated':
      return `it has the same id as record ${ignored.first}`
    case 'late':
      return `too late, ${formatDuration(roughly(ignored.behindMs))} behind the newest record then`
    case 'superseded':
      return `label ${ignored.by} is a later one for the same event`
  }
}

/** Text columns, then numbers: each a blank and at least `width - 1` characters. */
function row(texts: readonly [string, string], cells: readonly string[], widths: readonly number[]): string {
  const numbers = cells.map((cell, i) => ` ${cell.padStart((widths[i] ?? 0) - 1)}`)
  return `  ${texts[0].padEnd(8)}${texts[1].padEnd(15)}${numbers.join('')}`
}

const WINDOW_WIDTHS = [9, 13, 12, 12, 9]

function windowLines(windows: readonly ReportedWindow[], money: Money): string[] {
  return [
    row(['LENGTH', 'KIND'], ['COUNT', 'SUM', 'MEAN', 'MAX', 'RATE'], WINDOW_WIDTHS),
    ...windows.map(({ lengthMs, kind, count, sum, mean, max, rate }) =>
      row(
        [formatDuration(lengthMs), kind],
        [String(count), money(sum), money(mean), money(max), rate === null ? '-' : rate.toFixed(4)],
        WINDOW_WIDTHS,
      ),
    ),
  ]
}

const DISTINCT_WIDTHS = [13, 13, 13, 13]

function distinctLines(type: EntityType, windows: readonly ReportedWindow[]): string[] {
  const others = COUNTERPARTS[type]
  const counted = windows.filter(({ distinct }) => Object.values(distinct).some((count) => count !== null))
  if (counted.length === 0) return []
  return [
    '',
    row(
      ['DISTINCT', ''],
      others.map((other) => other.toUpperCase()),
      DISTINCT_WIDTHS,
    ),
    ...counted.map(({ lengthMs, kind, distinct }) =>
      row(
        [formatDuration(lengthMs), kind],
        others.map((other) => String(distinct[other] ?? '-')),
        DISTINCT_WIDTHS,
      ),
    ),
  ]
}

function sightLines(seen: readonly ReportedSight[]): string[] {
  const ago = (seconds: number | null): string =>
    seconds === null ? '-' : `${formatDuration(roughly(seconds * 1_000))} before`
  return [
    '',
    row(['SEEN', ''], ['FIRST', 'LAST'], [24, 24]),
    ...seen.map(({ kind, firstSeconds, lastSeconds }) =>
      row(['', kind], [ago(firstSeconds), ago(lastSeconds)], [24, 24]),
    ),
  ]
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
