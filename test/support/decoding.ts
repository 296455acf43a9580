// The decode stage with plain settings, for tests of what becomes of single messages.
import type { Batch, BatchEvent } from '../../src/batch.ts'
import type { LogRecord } from '../../src/log/event-log.ts'
import { TOPICS, topicNames } from '../../src/log/topics.ts'
import { createDecodeStage } from '../../src/payment/decode.ts'
import { type MissingRatePolicy, parseRates } from '../../src/payment/rates.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'
import { logRecord } from './events.ts'

export const MAX_MESSAGE_BYTES = 262_144
export const MAX_FUTURE_SKEW_MS = 300_000

/** Decodes the records as one batch of `topic`. */
export function decodeBatch(
  records: readonly LogRecord[],
  topic: string = TOPICS.events,
  missingRate: MissingRatePolicy = 'unknown',
): Batch {
  const decode = createDecodeStage({
    topics: topicNames(''),
    pseudonymiser: createPseudonymiser('000102030405060708090a0b0c0d0e0f'),
    rates: parseRates('version: t1\ndate: 2026-03-01\nbase: EUR\nrates: { USD: 1.25, JPY: 160 }\n', 'rates'),
    missingRate,
    newWindows: () => new Float64Array(3).fill(Number.NaN),
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxFutureSkewMs: MAX_FUTURE_SKEW_MS,
  })
  return decode({
    topic,
    partition: 0,
    records,
    lag: 0,
    arrivedAtMs: 0,
    note: '',
    isStale: () => false,
    publish: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    commitNote: () => Promise.resolve(),
  })
}

/** The one event that the message becomes; throws with the reason when it is rejected. */
export function decodedEvent(value: unknown, record: Partial<LogRecord> = {}): BatchEvent {
  const batch = decodeBatch([logRecord(value, record)])
  const [event] = batch.events
  if (event === undefined) throw new Error(batch.rejected[0]?.message ?? 'nothing came out')
  return event
}

/** `CODE: message` of the one rejection that the message becomes; throws when it is decided. */
export function rejection(value: unknown, record: Partial<LogRecord> = {}, topic?: string): string {
  const [rejected] = decodeBatch([logRecord(value, record)], topic).rejected
  if (rejected === undefined) throw new Error('the message was not rejected')
  return `${rejected.code}: ${rejected.message}`
}
