// Batches with chosen contents, for tests of single stages.
import type { Batch, BatchEvent } from '../../src/batch.ts'
import type { LogRecord, PartitionBatch } from '../../src/log/event-log.ts'
import type { PaymentEvent } from '../../src/payment/event.ts'
import type { FiredRule } from '../../src/rules/rule-set.ts'

const TIME = '2026-03-01T12:00:00Z'

export function recordAt(offset: number, value: string | null = null): LogRecord {
  return {
    topic: 'payments.events',
    partition: 0,
    offset: String(offset),
    timestampMs: Date.parse(TIME),
    key: Buffer.from('acc-1'),
    value: value === null ? null : Buffer.from(value),
    headers: {},
  }
}

export function batchEventOf(event: Partial<PaymentEvent>, slots: Partial<BatchEvent> = {}): BatchEvent {
  return {
    record: recordAt(0),
    event: {
      id: 'e1',
      type: 'authorisation',
      time: TIME,
      amount: 1999,
      currency: 'EUR',
      payer: { account: 'acc-1' },
      ...event,
    },
    entities: [],
    timeMs: Date.parse(TIME),
    amount: 19.99,
    amountBaseMinor: 1999,
    windows: new Float64Array(0),
    score: Number.NaN,
    fired: [],
    scored: null,
    challenged: null,
    degraded: [],
    decision: null,
    ...slots,
  }
}

export function firedRule(id: string, slots: Partial<FiredRule> = {}): FiredRule {
  return {
    id,
    action: 'block',
    reason: id.toUpperCase(),
    text: `about ${id}`,
    customer: 'Please ask us.',
    weight: null,
    override: null,
    mode: 'live',
    acts: true,
    ...slots,
  }
}

/** A partition batch that remembers what was done with it. */
export function sourceOf(records: readonly LogRecord[]): PartitionBatch & { readonly calls: string[] } {
  const calls: string[] = []
  return {
    calls,
    topic: records[0]?.topic ?? 'payments.events',
    partition: 0,
    records,
    lag: 0,
    arrivedAtMs: Date.parse(TIME),
    note: '',
    isStale: () => false,
    publish: async (outputs) => void calls.push(`publish ${outputs.length}`),
    commit: async () => void calls.push('commit'),
    commitNote: async (note) => void calls.push(`note ${note}`),
  }
}

export function batchOf(events: BatchEvent[], slots: Partial<Batch> = {}): Batch {
  return {
    source: sourceOf(events.map((event) => event.record)),
    events,
    labels: [],
    rejected: [],
    outputs: [],
    judgedWith: { lists: 'none', demoted: [] },
    ...slots,
  }
}
