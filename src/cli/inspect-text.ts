// An inspected journal as text for a terminal of 80 columns.
import { formatDuration } from '../rules/duration.ts'
import { COUNTERPARTS, type EntityType } from '../velocity/entity.ts'
import type { JournalReport, ReportedRecord, ReportedWindow } from '../velocity/journal-report.ts'

export interface Inspected extends JournalReport {
  readonly type: EntityType
  readonly key: string
  /** Currency of all amounts. */
  readonly base: string
  /** Of amounts in it: 2 for EUR. */
  readonly decimals: number
  readonly expiresInMs: number | null
  /** The time that the windows end at, epoch milliseconds. */
  readonly atMs: number
  readonly windows: readonly ReportedWindow[]
}

/** Shows the last `limit` records. Hashes are shortened; the JSON form has them whole. */
export function inspectText(inspected: Inspected, limit: number): string {
  const { records, base, decimals } = inspected
  const hidden = Math.max(0, records.length - limit)
  return [
    ...headLines(inspected),
    '',
    `  ${'NO'.padStart(6)}  ${'TIME'.padEnd(24)}  ${'KIND'.padEnd(14)} ${`AMOUNT ${base}`.padStart(14)}  ID`,
    ...(hidden > 0
      ? [`  ${'…'.padStart(6)}  ${hidden} earlier; --limit ${records.length} shows them all`]
      : []),
    ...records.slice(hidden).flatMap((record) => recordLines(record, decimals)),
    '',
    `Windows that end at ${iso(inspected.atMs)}`,
    ...windowLines(inspected),
    '',
  ].join('\n')
}

function headLines({ key, records, bytes, epoch, expiresInMs }: Inspected): string[] {
  const counted = records.filter(({ repeats }) => repeats === null).length
  const ignored = records.length - counted
  const expiry =
    expiresInMs === null ? 'never' : `in ${formatDuration(roughly(expiresInMs))} without a record`
  return [
    `Journal  ${key}`,
    `Records  ${counted} that count${ignored === 0 ? '' : `, ${ignored} ignored as repeated`}`,
    `Size     ${bytes} bytes, epoch ${epoch}`,
    `Expires  ${expiry}`,
  ]
}

/** Nobody wants to know the milliseconds of 35 days. */
function roughly(ms: number): number {
  const unit = ms > 86_400_000 ? 3_600_000 : ms > 3_600_000 ? 60_000 : 1_000
  return Math.floor(ms / unit) * unit
}

function recordLines(record: ReportedRecord, decimals: number): string[] {
  const { number, timeMs, kind, amount, id, labelled, counterparts, repeats } = record
  const shown = amount === null ? '-' : amount.toFixed(decimals)
  const line = `  ${String(number).padStart(6)}  ${iso(timeMs)}  ${kind.padEnd(14)} ${shown.padStart(14)}  ${id.slice(0, 8)}`
  const others = Object.entries(counterparts).map(([type, hash]) => `${type} ${hash.slice(0, 8)}`)
  const about = labelled === null ? others.join('  ') : `of event ${labelled.slice(0, 8)}`
  return [
    line,
    ...(about === '' ? [] : [`          ${about}`]),
    ...(repeats === null
      ? []
      : [`          ignored: record ${repeats} has the same id, and the first counts`]),
  ]
}

function windowLines({ type, windows, decimals }: Inspected): string[] {
  const others = COUNTERPARTS[type]
  const row = (length: string, kind: string, cells: readonly string[], width: number) =>
    `  ${length.padEnd(8)}${kind.padEnd(15)}${cells.map((cell) => cell.padStart(width)).join('')}`
  const money = (value: number | null) => (value === null ? '-' : value.toFixed(decimals))
  return [
    row('LENGTH', 'KIND', ['COUNT', 'SUM', 'MEAN', 'MAX'], 13),
    ...windows.map(({ lengthMs, kind, count, sum, mean, max }) =>
      row(formatDuration(lengthMs), kind, [String(count), money(sum), money(mean), money(max)], 13),
    ),
    '',
    row(
      'DISTINCT',
      '',
      others.map((other) => other.toUpperCase()),
      13,
    ),
    ...windows
      .filter(({ distinct }) => Object.keys(distinct).length > 0)
      .map(({ lengthMs, kind, distinct }) =>
        row(
          formatDuration(lengthMs),
          kind,
          others.map((other) => String(distinct[other] ?? 0)),
          13,
        ),
      ),
  ]
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
