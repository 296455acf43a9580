// What an expression can read of an event: one table, from which the type checker's declarations, the closures and the
// suggestions are made. Reading never throws: a missing text is "", a missing number unknown (NaN).
import { CHANNELS, EVENT_TYPES, OUTCOMES, paymentEventSchema } from '../payment/event.ts'
import type { ExpressionView } from './view.ts'

export type Reader<T> = (view: ExpressionView) => T

export interface TextField {
  readonly type: 'string'
  readonly raw: Reader<string | undefined>
  /** All that it can be, besides "" when it is missing. */
  readonly values?: readonly string[]
}

export interface NumberField {
  readonly type: 'int' | 'double'
  readonly read: Reader<number>
}

export type Field = TextField | NumberField

const shape = paymentEventSchema.shape
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const text = (raw: Reader<string | undefined>, values?: readonly string[]): TextField =>
  values === undefined ? { type: 'string', raw } : { type: 'string', raw, values }
const double = (read: Reader<number>): NumberField => ({ type: 'double', read })
const int = (read: Reader<number>): NumberField => ({ type: 'int', read })

/** Hour of the day, 0 to 23, of a time in epoch milliseconds. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS) % 24
}

/** 1 for Monday to 7 for Sunday. 1 January 1970 was a Thursday, which ISO 8601 counts as day 4. */
export function weekdayOf(timeMs: number): number {
  return ((Math.floor(timeMs / DAY_MS) + 3) % 7) + 1
}

/** Every field by its dotted name. Times are in UTC; `amount` is in major units of the base currency. */
export const FIELDS: Readonly<Record<string, Field>> = {
  id: text((v) => v.event.id),
  type: text((v) => v.event.type, EVENT_TYPES),
  channel: text((v) => v.event.channel, CHANNELS),
  outcome: text((v) => v.event.outcome, OUTCOMES),
  tenant: text((v) => v.event.tenant),
  currency: text((v) => v.event.currency),
  amount: double((v) => v.amount),
  amount_minor: int((v) => v.event.amount),
  hour: int((v) => hourOf(v.timeMs)),
  weekday: int((v) => weekdayOf(v.timeMs)),
  'payer.account': text((v) => v.event.payer.account),
  'payer.customer': text((v) => v.event.payer.customer),
  'payer.country': text((v) => v.event.payer.country),
  'payer.timeZone': text((v) => v.event.payer.timeZone),
  'instrument.type': text((v) => v.event.instrument?.type, shape.instrument.unwrap().shape.type.options),
  'instrument.token': text((v) => v.event.instrument?.token),
  'instrument.bin': text((v) => v.event.instrument?.bin),
  'instrument.issuerCountry': text((v) => v.event.instrument?.issuerCountry),
  'instrument.scheme': text((v) => v.event.instrument?.scheme),
  'payee.merchant': text((v) => v.event.payee?.merchant),
  'payee.account': text((v) => v.event.payee?.account),
  'payee.mcc': text((v) => v.event.payee?.mcc),
  'payee.country': text((v) => v.event.payee?.country),
  'payee.timeZone': text((v) => v.event.payee?.timeZone),
  'device.id': text((v) => v.event.device?.id),
  'device.ip': text((v) => v.event.device?.ip),
  'device.fingerprint': text((v) => v.event.device?.fingerprint),
  'device.geo.lat': double((v) => v.event.device?.geo?.lat ?? Number.NaN),
  'device.geo.lon': double((v) => v.event.device?.geo?.lon ?? Number.NaN),
  'authentication.method': text(
    (v) => v.event.authentication?.method,
    shape.authentication.unwrap().shape.method.options,
  ),
  'authentication.result': text(
    (v) => v.event.authentication?.result,
    shape.authentication.unwrap().shape.result.unwrap().options,
  ),
}

/** The model's score; only rules may read it. */
export const SCORE: NumberField = double((v) => v.score)

/** Objects of the event by dotted name, with how to tell that the event has them. */
export const OBJECTS: Readonly<Record<string, Reader<boolean>>> = {
  payer: () => true,
  instrument: (v) => v.event.instrument !== undefined,
  payee: (v) => v.event.payee !== undefined,
  device: (v) => v.event.device !== undefined,
  'device.geo': (v) => v.event.device?.geo !== undefined,
  authentication: (v) => v.event.authentication !== undefined,
}

/** Where the identifier of an entity stands, for messages to people who wrote the entity's name instead. */
export const IDENTIFIER_OF = {
  card: 'instrument.token',
  account: 'payer.account',
  customer: 'payer.customer',
  device: 'device.id',
  ip: 'device.ip',
  merchant: 'payee.merchant',
  payee: 'payee.account',
} as const

export type Attribute = string | number | boolean | undefined

/** One of the publisher's own facts; undefined when the event lacks it. */
export function attribute(view: ExpressionView, name: string): Attribute {
  const { attributes } = view.event
  // The object came from outside: `toString` must be as missing as any other name.
  return attributes !== undefined && Object.hasOwn(attributes, name) ? attributes[name] : undefined
}
