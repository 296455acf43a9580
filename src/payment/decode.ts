// decode: from the bytes of a record to a payment event or label, or to the reason why it is neither.
// Guarantees that every record of the batch comes out exactly once, in order within its kind; that one bad message
// changes nothing for the others; and that what passes has a payer, a currency, an instant and no card number in clear.
import type { z } from 'zod'
import { type Batch, type BatchEvent, type BatchLabel, emptyBatch } from '../batch.ts'
import { AppError } from '../errors.ts'
import type { LogRecord, PartitionBatch } from '../log/event-log.ts'
import type { TopicNames } from '../log/topics.ts'
import { suggestion } from '../nearest.ts'
import type { EntityRef } from '../velocity/entity.ts'
import { currencyExponent } from './currency.ts'
import { type Label, labelSchema, type PaymentEvent, paymentEventSchema } from './event.ts'
import { parseEventTime } from './event-time.ts'
import { type Problem, readMessage } from './message.ts'
import { describeProblems, shownValue } from './problem.ts'
import type { MissingRatePolicy, Rates } from './rates.ts'

export interface DecodeOptions {
  readonly topics: Pick<TopicNames, 'events' | 'labels'>
  readonly pseudonymiser: { entitiesOf(message: PaymentEvent | Label): EntityRef[] }
  readonly rates: Rates
  /** `unknown` if absent. `review` is left to decide. */
  readonly missingRate?: MissingRatePolicy
  /** A fresh array for the windows of one event, all unknown. */
  readonly newWindows: () => Float64Array
  readonly maxMessageBytes: number
  readonly maxFutureSkewMs: number
}

const NOTHING_FIRED: BatchEvent['fired'] = Object.freeze([])

/**
 * The decode stage. Pure: the same records give the same batch. Throws UNEXPECTED for a batch of a topic that is neither
 * events nor labels; what is wrong with a message is never thrown.
 */
export function createDecodeStage(options: DecodeOptions): (source: PartitionBatch) => Batch {
  const { topics } = options
  return (source) => {
    const batch = emptyBatch(source)
    if (source.topic !== topics.events && source.topic !== topics.labels) {
      throw new AppError('UNEXPECTED', `decode was given a batch of the topic ${source.topic}`)
    }
    const isEvents = source.topic === topics.events
    for (const record of source.records) {
      const problem = isEvents ? decodeEvent(record, batch, options) : decodeLabel(record, batch, options)
      if (problem !== null) batch.rejected.push({ record, stage: 'decode', ...problem })
    }
    return batch
  }
}

function decodeEvent(record: LogRecord, batch: Batch, options: DecodeOptions): Problem | null {
  const read = readMessage(record, options.maxMessageBytes)
  if (read.problem !== null) return read.problem
  const { message } = read
  const parsed = paymentEventSchema.safeParse(message)
  if (!parsed.success) return invalid(parsed.error, message, misplacedLabel(message, options.topics))
  const event = parsed.data
  const { rates } = options
  const timeMs = parseEventTime(event.time)
  const problem =
    unknownCurrency(event, rates) ?? impossibleTime(event.time, timeMs, record, options.maxFutureSkewMs)
  if (problem !== null) return problem

  const amountBaseMinor = rates.toBaseMinor(event.amount, event.currency)
  if (options.missingRate === 'reject' && Number.isNaN(amountBaseMinor)) return noRate(event, rates)
  batch.events.push({
    record,
    event,
    timeMs,
    amount: amountBaseMinor / rates.minorPerMajor,
    windows: options.newWindows(),
    score: Number.NaN,
    entities: options.pseudonymiser.entitiesOf(event),
    amountBaseMinor,
    fired: NOTHING_FIRED,
    scored: null,
    challenged: null,
    degraded: Number.isNaN(amountBaseMinor) ? [`rate:${event.currency}`] : [],
    decision: null,
  })
  return null
}

function decodeLabel(record: LogRecord, batch: Batch, options: DecodeOptions): Problem | null {
  const read = readMessage(record, options.maxMessageBytes)
  if (read.problem !== null) return read.problem
  const { message } = read
  const parsed = labelSchema.safeParse(message)
  if (!parsed.success) return invalid(parsed.error, message, misplacedEvent(message, options.topics))
  const label = parsed.data
  const timeMs = parseEventTime(label.time)
  const eventMs = label.eventTime === undefined ? timeMs : parseEventTime(label.eventTime)
  const problem =
    impossibleTime(label.time, timeMs, record, options.maxFutureSkewMs) ??
    impossibleTime(label.eventTime ?? label.time, eventMs, record, options.maxFutureSkewMs, 'eventTime')
  if (problem !== null) return problem
  const entities = options.pseudonymiser.entitiesOf(label)
  const decoded: BatchLabel = { record, label, timeMs, eventMs, entities }
  batch.labels.push(decoded)
  return null
}

function invalid(error: z.core.$ZodError, message: object, hint: string): Problem {
  return { code: 'EVENT_INVALID', message: hint + describeProblems(error.issues, message) }
}

function misplacedLabel(message: object, topics: DecodeOptions['topics']): string {
  const misplaced = Object.hasOwn(message, 'label') && Object.hasOwn(message, 'event')
  return misplaced ? `this is a label, which belongs on ${topics.labels}: ` : ''
}

function misplacedEvent(message: object, topics: DecodeOptions['topics']): string {
  const misplaced = Object.hasOwn(message, 'amount') && Object.hasOwn(message, 'type')
  return misplaced ? `this is a payment event, which belongs on ${topics.events}: ` : ''
}

function unknownCurrency({ currency }: PaymentEvent, rates: Rates): Problem | null {
  if (currencyExponent(currency) !== null) return null
  // Among all currencies some code is always near; among those in use it is the one that was meant.
  const near = suggestion(currency, rates.currencies)
  return {
    code: 'CURRENCY_UNKNOWN',
    message: `currency must be an active ISO 4217 code with a minor unit; found ${shownValue(currency)}.${near}`,
  }
}

function noRate({ currency }: PaymentEvent, rates: Rates): Problem {
  return {
    code: 'RATE_MISSING',
    message: `currency ${currency} has no rate in version ${rates.version} of the rate file, and money.missingRate is reject: add the rate and publish the message again`,
  }
}

function impossibleTime(
  time: string,
  timeMs: number,
  record: LogRecord,
  maxSkewMs: number,
  field = 'time',
): Problem | null {
  if (Number.isNaN(timeMs)) {
    return {
      code: 'EVENT_TIME_IMPOSSIBLE',
      message: `${field} must be an instant that exists, in 2000 or later; found ${shownValue(time)}`,
    }
  }
  const aheadMs = timeMs - record.timestampMs
  if (aheadMs <= maxSkewMs) return null
  return {
    code: 'EVENT_FROM_FUTURE',
    message: `${field} is ${seconds(aheadMs)} ahead of the broker timestamp; velocity.maxFutureSkewMs allows ${seconds(maxSkewMs)}: set the publisher's clock right`,
  }
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`
}
