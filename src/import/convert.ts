// One row of a data set → a payment event and its label, or the reason why not. Pure.
import type { Label, PaymentEvent } from '../payment/event.ts'
import { currencyExponent } from '../payment/currency.ts'
import { parseDuration } from '../rules/duration.ts'
import { FIELDS, type Field, type Mapping, type Source } from './mapping.ts'
import { createTimeReader } from './row-time.ts'

/** Text by column. */
export type Row = Readonly<Record<string, string>>

export interface Converted {
  /** Not yet checked against the contract. */
  readonly event: Readonly<Record<string, unknown>>
  readonly timeMs: number
  readonly label: { readonly verdict: Label['label']; readonly knownAtMs: number } | null
}

/** Why a row cannot become an event. `reason` is the same for all rows with this fault, `detail` is of this row. */
export interface RowProblem {
  readonly reason: string
  readonly detail: string
}

export type Conversion = Converted | RowProblem

export interface ConverterOptions {
  readonly mapping: Mapping
  readonly tokenOf: (id: string) => string
}

const NUMBERS: ReadonlySet<Field> = new Set(['device.geo.lat', 'device.geo.lon'])

export function createConverter({
  mapping,
  tokenOf,
}: ConverterOptions): (row: Row, rowNumber: number) => Conversion {
  const readTime = createTimeReader(mapping.time)
  const sources = FIELDS.flatMap((field) => {
    const from = mapping.event[field] ?? (field === 'id' ? { row: 'row_' } : undefined)
    return from === undefined ? [] : [{ field, from }]
  })
  const labelOf = createLabelReader(mapping.label)
  return (row, rowNumber) => {
    const missing = missingColumn(mapping, row)
    if (missing !== null)
      return { reason: `no column ${missing}`, detail: `the row has no column "${missing}"` }
    const timeText = row[mapping.time.column] ?? ''
    const timeMs = readTime(timeText)
    if (!Number.isFinite(timeMs)) {
      return {
        reason: `${mapping.time.column} is no time`,
        detail: `"${timeText}" is not of the format ${mapping.time.format}`,
      }
    }
    const event: Record<string, unknown> = { time: new Date(timeMs).toISOString() }
    for (const { field, from } of sources) {
      const value = valueOf(from, row, rowNumber, tokenOf)
      if (value !== '') put(event, field, NUMBERS.has(field) ? Number(value) : value)
    }
    const text =
      mapping.event.amount === undefined ? '' : valueOf(mapping.event.amount, row, rowNumber, tokenOf)
    const currency =
      mapping.event.currency === undefined ? '' : valueOf(mapping.event.currency, row, rowNumber, tokenOf)
    const amount = amountMinor(text, currency, mapping.amount)
    if (amount === null) {
      return { reason: 'amount is no amount', detail: `"${text}" is not a number` }
    }
    event['amount'] = amount
    const attributes = attributesOf(mapping, row)
    if (attributes !== null) event['attributes'] = attributes
    const label = labelOf(row, timeMs)
    return label !== null && 'reason' in label ? label : { event, timeMs, label }
  }
}

/** The label of a checked event. */
export function labelFor(
  event: PaymentEvent,
  { verdict, knownAtMs }: NonNullable<Converted['label']>,
  source: Label['source'],
): Label {
  const { id, time, payer, instrument, payee, device, tenant } = event
  return {
    id: `label_${id}`,
    event: id,
    eventTime: time,
    label: verdict,
    time: new Date(knownAtMs).toISOString(),
    source,
    ...(tenant === undefined ? {} : { tenant }),
    payer,
    ...(instrument === undefined ? {} : { instrument }),
    ...(payee === undefined ? {} : { payee }),
    ...(device === undefined ? {} : { device }),
  }
}

function missingColumn(mapping: Mapping, row: Row): string | null {
  const wanted = [mapping.time.column, ...(mapping.label === undefined ? [] : [mapping.label.column])]
  for (const from of Object.values(mapping.event)) {
    if ('column' in from) wanted.push(from.column)
    if ('columns' in from) wanted.push(...from.columns)
  }
  return wanted.find((name) => row[name] === undefined) ?? null
}

/** "" when the row does not say. */
function valueOf(from: Source, row: Row, rowNumber: number, tokenOf: (id: string) => string): string {
  if ('constant' in from) return String(from.constant)
  if ('row' in from) return `${from.row}${rowNumber}`
  if ('columns' in from) {
    const parts = from.columns.map((column) => row[column] ?? '')
    return parts.every((part) => part === '') ? '' : from.token + tokenOf(parts.join('\0'))
  }
  const text = (row[from.column] ?? '').trim()
  const value = from.values === undefined ? text : (from.values[text] ?? from.otherwise ?? text)
  return from.token === undefined || value === '' ? value : from.token + tokenOf(value)
}

function put(event: Record<string, unknown>, field: Field, value: string | number): void {
  const path = field.split('.')
  let at = event
  for (const name of path.slice(0, -1)) {
    const inner = at[name]
    const next: Record<string, unknown> = isObject(inner) ? inner : {}
    at[name] = next
    at = next
  }
  at[path.at(-1) ?? field] = value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Minor units, halves rounded away from zero; null for what is no decimal number. */
function amountMinor(text: string, currency: string, unit: Mapping['amount']): number | null {
  if (!/^[+-]?\d*\.?\d+(?:e[+-]?\d+)?$/i.test(text)) return null
  const value = Number(text)
  if (unit === 'minor') return value
  // 1.005 * 100 is 100.49999…: shifting the decimal text instead keeps what was written.
  const shifted = Number(`${value}e${currencyExponent(currency) ?? 2}`)
  return Math.sign(shifted) * Math.round(Math.abs(Number.isNaN(shifted) ? value * 100 : shifted))
}

function attributesOf({ attributes }: Mapping, row: Row): Record<string, string | number> | null {
  const found: Record<string, string | number> = {}
  for (const [name, type] of Object.entries(attributes)) {
    const text = row[name] ?? ''
    const value = type === 'number' ? Number(text) : text
    if (text !== '' && !Number.isNaN(value)) found[name] = value
  }
  return Object.keys(found).length === 0 ? null : found
}

function createLabelReader(
  label: Mapping['label'],
): (row: Row, timeMs: number) => Converted['label'] | RowProblem {
  if (label === undefined) return () => null
  const fraudAfterMs = parseDuration(label.fraudAfter) ?? 0
  const genuineAfterMs = label.genuineAfter === undefined ? null : parseDuration(label.genuineAfter)
  return (row, timeMs) => {
    const text = row[label.column] ?? ''
    if (label.fraud.includes(text)) return { verdict: 'fraud', knownAtMs: timeMs + fraudAfterMs }
    if (text === '') return null
    if (!label.genuine.includes(text)) {
      return { reason: `${label.column} is no known label`, detail: `"${text}" is neither fraud nor genuine` }
    }
    return genuineAfterMs === null ? null : { verdict: 'genuine', knownAtMs: timeMs + genuineAfterMs }
  }
}
