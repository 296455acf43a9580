// Simulated records as messages for the event log, and bad messages on request.
import type { OutputRecord } from '../log/event-log.ts'
import type { TopicNames } from '../log/topics.ts'
import type { PaymentEvent } from '../payment/event.ts'
import type { SimulatedRecord } from './recorder.ts'
import { DAY_MS } from './rhythm.ts'

type Topics = Pick<TopicNames, 'events' | 'labels'>
type Keyed = Pick<PaymentEvent, 'payer' | 'instrument'>

/** The kinds of bad message, in the order in which they take turns. */
export const POISONS = [
  'empty',
  'not-json',
  'wrong-schema',
  'fractional-amount',
  'unknown-currency',
  'card-number',
  'from-future',
] as const
export type Poison = (typeof POISONS)[number]

/** The number that card schemes publish for tests. It is here to be found and masked. */
const TEST_CARD_NUMBER = '4111111111111111'
/** Ten years: ahead of the broker's clock too when the simulation runs in the past. */
const FAR_AHEAD_MS = 3_650 * DAY_MS

/**
 * The message of a record: JSON, the time of its arrival as timestamp, and the payer's account as key, else the card's token,
 * so that what one payer does stays in order. The truth is not in it.
 */
export function encodeRecord(record: SimulatedRecord, topics: Topics): OutputRecord {
  const isEvent = record.kind === 'event'
  const body = isEvent ? record.event : record.label
  return {
    topic: isEvent ? topics.events : topics.labels,
    key: keyOf(body),
    value: JSON.stringify(body),
    timestampMs: record.arrivesAtMs,
  }
}

/** A bad message on the events topic, made after the model of `event`, under an id of its own. */
export function encodePoison(
  poison: Poison,
  event: PaymentEvent,
  timestampMs: number,
  topics: Topics,
): OutputRecord {
  const value = poisonedValue(poison, { ...event, id: `${event.id}_bad` }, timestampMs)
  return { topic: topics.events, key: keyOf(event), value, timestampMs }
}

export interface EncoderOptions {
  readonly topics: Topics
  /** Every n-th message is a bad one, at least 2; none if absent. Bad messages come on top: no record is lost to them. */
  readonly poisonEvery?: number | undefined
}

/** Encodes one record after another into `messages`; a bad message may precede it. */
export function createEncoder({
  topics,
  poisonEvery,
}: EncoderOptions): (record: SimulatedRecord, messages: OutputRecord[]) => void {
  if (poisonEvery !== undefined && !(Number.isInteger(poisonEvery) && poisonEvery >= 2)) {
    throw new RangeError('poisonEvery must be a whole number from 2')
  }
  let sent = 0
  let poisons = 0
  let pattern: PaymentEvent | null = null
  return (record, messages) => {
    if (record.kind === 'event') pattern = record.event
    if (poisonEvery !== undefined && pattern !== null && (sent + 1) % poisonEvery === 0) {
      const poison = POISONS[poisons++ % POISONS.length] ?? 'empty'
      messages.push(encodePoison(poison, pattern, record.arrivesAtMs, topics))
      sent++
    }
    messages.push(encodeRecord(record, topics))
    sent++
  }
}

/** One line of JSON, `{"topic", "key", "value"}`, without a line feed; a value that is no JSON stands there as a text. */
export function encodeLine({ topic, key, value }: OutputRecord): string {
  const text = value === null ? null : value.toString()
  // A bad message is cut off before its last brace; everything else ends with it and is JSON as it stands.
  const body = text === null || text.endsWith('}') ? text : JSON.stringify(text)
  return `{"topic":${JSON.stringify(topic)},"key":${JSON.stringify(key)},"value":${body}}`
}

function keyOf({ payer, instrument }: Keyed): string | null {
  return payer.account ?? instrument?.token ?? payer.customer ?? null
}

function poisonedValue(poison: Poison, event: PaymentEvent, timestampMs: number): string | null {
  switch (poison) {
    case 'empty':
      return null
    case 'not-json':
      return `${JSON.stringify(event).slice(0, -1)},`
    case 'wrong-schema':
      return JSON.stringify({ ...event, type: 'payment', payer: undefined })
    case 'fractional-amount':
      return JSON.stringify({ ...event, amount: 19.99 })
    case 'unknown-currency':
      return JSON.stringify({ ...event, currency: 'ZZZ' })
    case 'card-number':
      return JSON.stringify({ ...event, instrument: { type: 'card', token: TEST_CARD_NUMBER } })
    case 'from-future':
      return JSON.stringify({ ...event, time: new Date(timestampMs + FAR_AHEAD_MS).toISOString() })
  }
}
