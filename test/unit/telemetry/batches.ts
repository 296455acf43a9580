// Batches with chosen contents, for tests of what is observed of them.
import type { Batch, BatchEvent, Rejected } from '../../../src/batch.ts'
import type { Decision } from '../../../src/decision/decision.ts'
import type { RejectCode } from '../../../src/errors.ts'
import type { LogRecord, OutputRecord, PartitionBatch } from '../../../src/log/event-log.ts'
import type { Action, FiredRule } from '../../../src/rules/rule-set.ts'

export const ARRIVED_MS = Date.parse('2026-03-01T12:00:00Z')

export interface EventFacts {
  readonly action: Action
  readonly score?: number
  /** What a challenger says; null when it failed. */
  readonly challenger?: number | null
  readonly fired?: readonly FiredRule[]
  readonly degraded?: string[]
  /** How long before its arrival the broker stamped it. */
  readonly ageMs?: number
}

export function batchOf(facts: {
  readonly events?: readonly EventFacts[]
  readonly rejected?: readonly RejectCode[]
  readonly outputs?: OutputRecord[]
  readonly partition?: number
  readonly lag?: number
}): Batch {
  const record = (ageMs = 0): LogRecord => ({
    topic: 'payments.events',
    partition: facts.partition ?? 0,
    offset: '0',
    timestampMs: ARRIVED_MS - ageMs,
    key: null,
    value: null,
    headers: {},
  })
  const events = (facts.events ?? []).map((event) => batchEvent(record(event.ageMs), event))
  const rejected = (facts.rejected ?? []).map(
    (code): Rejected => ({ record: record(), code, stage: 'decode', message: 'x' }),
  )
  const source: PartitionBatch = {
    topic: 'payments.events',
    partition: facts.partition ?? 0,
    records: [...events, ...rejected].map((item) => item.record),
    lag: facts.lag ?? 0,
    arrivedAtMs: ARRIVED_MS,
    note: '',
    isStale: () => false,
    publish: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    commitNote: () => Promise.resolve(),
  }
  return {
    source,
    events,
    labels: [],
    rejected,
    outputs: facts.outputs ?? [],
    judgedWith: { lists: 'none', demoted: [] },
  }
}

export function firedRule(id: string, mode: FiredRule['mode']): FiredRule {
  return {
    id,
    mode,
    action: 'block',
    reason: 'R',
    text: '',
    customer: '',
    weight: null,
    override: null,
    acts: mode === 'live',
  }
}

function batchEvent(record: LogRecord, facts: EventFacts): BatchEvent {
  const decision: Decision = {
    event: 'e1',
    time: '2026-03-01T12:00:00Z',
    action: facts.action,
    reasons: [],
    shadow: [],
    score: null,
    degraded: [],
    versions: { ruleSet: 'sha256:0', lists: 'none', model: null, rates: '1' },
  }
  // Metrics read the slots below alone; the rest of the view belongs to the stages.
  return {
    record,
    decision,
    fired: facts.fired ?? [],
    scored: facts.score === undefined ? null : { value: facts.score, contributions: [] },
    challenged: facts.challenger === undefined ? null : { version: 'm2@1', score: facts.challenger },
    degraded: facts.degraded ?? [],
  } as Partial<BatchEvent> as BatchEvent
}
