// One event or label of a rule test, with what its author left out filled in.
import { z } from 'zod'
import { nearest } from '../nearest.ts'
import { childOf } from './file-schema.ts'
import { type Label, type PaymentEvent, paymentEventSchema } from '../payment/event.ts'

/** Fields of an event as far as they are given. `null` takes a default away. */
export type PartialEvent = Readonly<Record<string, unknown>>

/** The defaults of defaults: everything that a payment event must have. */
const NOTHING_SPECIAL: PartialEvent = { type: 'authorisation', amount: 0, payer: {} }

export type Made<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly string[] }

export interface Occasion {
  readonly id: string
  readonly timeMs: number
  /** From 1; stands for `{n}` in texts. */
  readonly repetition: number
  readonly currency: string
}

/** The event from defaults and partial fields, later ones over earlier ones; or what is wrong with it. */
export function makeEvent(layers: readonly PartialEvent[], occasion: Occasion): Made<PaymentEvent> {
  const { id, timeMs, repetition, currency } = occasion
  const merged = [{ ...NOTHING_SPECIAL, currency }, ...layers].reduce(merge, {})
  const event = numbered({ id, ...merged, time: new Date(timeMs).toISOString() }, repetition)
  const unknown = unknownKeys(event, paymentEventSchema, '')
  if (unknown.length > 0) return { ok: false, problems: unknown }
  const parsed = paymentEventSchema.safeParse(event)
  if (parsed.success) return { ok: true, value: parsed.data }
  return {
    ok: false,
    problems: parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}${meant(event, issue)}`,
    ),
  }
}

/** A label for the event: it names the same entities, as labels from a publisher do. */
export function makeLabel(event: PaymentEvent, kind: Label['label'], id: string, timeMs: number): Label {
  const { payer, instrument, payee, device } = event
  return {
    id,
    event: event.id,
    eventTime: event.time,
    label: kind,
    time: new Date(timeMs).toISOString(),
    payer,
    ...(event.tenant === undefined ? {} : { tenant: event.tenant }),
    ...(instrument === undefined ? {} : { instrument }),
    ...(payee === undefined ? {} : { payee }),
    ...(device === undefined ? {} : { device }),
  }
}

function merge(base: PartialEvent, over: PartialEvent): PartialEvent {
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = result[key]
    if (value === null) delete result[key]
    else result[key] = isObject(value) ? merge(isObject(before) ? before : {}, value) : value
  }
  return result
}

/** The value with `{n}` in every text replaced. */
function numbered(value: unknown, n: number): unknown {
  if (typeof value === 'string') return value.replaceAll('{n}', String(n))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, numbered(child, n)]))
}

/** What was probably meant by a value that is none of few. */
function meant(event: unknown, issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_value') return ''
  const given = issue.path.reduce(childOf, event)
  const near = typeof given === 'string' ? nearest(given, issue.values.map(String)) : null
  return near === null ? '' : `; did you mean "${near}"?`
}

/** Real events may have fields that we do not know; in a test such a field is a typing error. */
function unknownKeys(value: unknown, schema: z.ZodType, path: string): string[] {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema
  if (!(inner instanceof z.ZodObject) || !isObject(value)) return []
  const { shape } = inner
  return Object.entries(value).flatMap(([key, child]) => {
    const field: unknown = shape[key]
    if (field instanceof z.ZodType) return unknownKeys(child, field, `${path}${key}.`)
    const near = nearest(key, Object.keys(shape))
    const help =
      near === null ? `known are ${Object.keys(shape).join(', ')}` : `did you mean "${path}${near}"?`
    return [`${path}${key} is no field of an event; ${help}`]
  })
}

export function isObject(value: unknown): value is PartialEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
