// Builders of valid messages and records: a test names only what it is about.
import type { LogRecord } from '../../src/log/event-log.ts'
import { TOPICS } from '../../src/log/topics.ts'
import type { Label, PaymentEvent } from '../../src/payment/event.ts'

/** Time of the built events, and broker timestamp of the built records. */
export const EVENT_TIME = '2026-03-01T12:00:00Z'
export const EVENT_TIME_MS = Date.parse(EVENT_TIME)

/** A card payment of 19.99 EUR, valid in every field. Overrides replace whole fields; `undefined` removes one. */
export function paymentEvent(overrides: Readonly<Record<string, unknown>> = {}): PaymentEvent {
  return withOverrides<PaymentEvent>(
    {
      id: 'evt-1',
      type: 'authorisation',
      time: EVENT_TIME,
      amount: 1999,
      currency: 'EUR',
      outcome: 'pending',
      channel: 'ecommerce',
      payer: { account: 'acc-1', customer: 'cus-1', country: 'DE' },
      instrument: { type: 'card', token: 'tok_1', bin: '411111', issuerCountry: 'DE', scheme: 'visa' },
      payee: { merchant: 'mer-1', mcc: '5411', country: 'DE' },
      device: { id: 'dev-1', ip: '192.0.2.1', geo: { lat: 52.52, lon: 13.405 } },
      authentication: { method: '3ds', result: 'passed' },
    },
    overrides,
  )
}

/** A chargeback on the event that `paymentEvent()` builds. */
export function label(overrides: Readonly<Record<string, unknown>> = {}): Label {
  return withOverrides<Label>(
    {
      id: 'lab-1',
      event: 'evt-1',
      label: 'fraud',
      time: EVENT_TIME,
      source: 'chargeback',
      payer: { account: 'acc-1', customer: 'cus-1' },
      instrument: { type: 'card', token: 'tok_1' },
      payee: { merchant: 'mer-1' },
    },
    overrides,
  )
}

/** The record of `value` on the events topic: text and bytes as they are, null as no value, all else as JSON. */
export function logRecord(value: unknown, overrides: Partial<LogRecord> = {}): LogRecord {
  return {
    topic: TOPICS.events,
    partition: 0,
    offset: '0',
    timestampMs: EVENT_TIME_MS,
    key: null,
    value: bytesOf(value),
    headers: {},
    ...overrides,
  }
}

function bytesOf(value: unknown): Buffer | null {
  if (value === null || Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

function withOverrides<T extends object>(base: T, overrides: Readonly<Record<string, unknown>>): T {
  const merged = { ...base, ...overrides }
  for (const name of Object.keys(overrides)) {
    if (overrides[name] === undefined) Reflect.deleteProperty(merged, name)
  }
  return merged
}
