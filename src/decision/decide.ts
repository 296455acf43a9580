// decide: from what fired to the decision, its alert, and the dead letters of what was rejected. Pure.
import type { Batch, BatchEvent, Rejected } from '../batch.ts'
import type { OutputRecord } from '../log/event-log.ts'
import { HEADERS, type TopicNames } from '../log/topics.ts'
import type { MissingRatePolicy } from '../payment/rates.ts'
import { ACTIONS, type Action, type FiredRule } from '../rules/rule-set.ts'
import { ENTITY_TYPES } from '../velocity/entity.ts'
import type { Alert, Decision } from './decision.ts'

export interface DecideOptions {
  readonly topics: TopicNames
  readonly versions: Decision['versions']
  /** `unknown` if absent. */
  readonly missingRate?: MissingRatePolicy
  /** Name of this processor; goes into headers only. */
  readonly processor: string
  /** Epoch milliseconds; goes into headers only. */
  readonly now: () => number
  readonly deadLetter: (rejected: Rejected, nowMs: number) => OutputRecord
}

/** The decide stage: fills `decision` of every event and `outputs` of the batch, in record order. */
export function createDecideStage(options: DecideOptions): (batch: Batch) => Batch {
  return (batch) => {
    const nowMs = Math.round(options.now())
    for (const event of batch.events) {
      const decision = decide(event, options.versions, options.missingRate)
      event.decision = decision
      const headers = {
        [HEADERS.source]: `${event.record.topic}/${event.record.partition}/${event.record.offset}`,
        [HEADERS.decidedAt]: String(nowMs),
        [HEADERS.processor]: options.processor,
      }
      const { key } = event.record
      batch.outputs.push({ topic: options.topics.decisions, key, value: JSON.stringify(decision), headers })
      const alert = alertOf(event, decision)
      if (alert !== null) {
        const about = `${alert.entity.type}:${alert.entity.pseudonym}`
        batch.outputs.push({
          topic: options.topics.alerts,
          key: about,
          value: JSON.stringify(alert),
          headers,
        })
      }
    }
    for (const rejected of batch.rejected) batch.outputs.push(options.deadLetter(rejected, nowMs))
    return batch
  }
}

/**
 * The decision on one event: the strictest action of the rules that act, `allow` when none does. With the policy `review`
 * an amount without a rate asks for a review as a rule would.
 */
export function decide(
  event: BatchEvent,
  versions: Decision['versions'],
  missingRate: MissingRatePolicy = 'unknown',
): Decision {
  const acting = event.fired.filter((rule) => rule.acts)
  const unpriced = missingRate === 'review' && Number.isNaN(event.amountBaseMinor)
  let action: Action = unpriced ? 'review' : 'allow'
  for (const rule of acting) if (severity(rule.action) > severity(action)) action = rule.action
  return {
    event: event.event.id,
    ...(event.event.tenant === undefined ? {} : { tenant: event.event.tenant }),
    time: event.event.time,
    action,
    reasons: [
      ...acting.sort(strictestFirst).map((rule) => ({ code: rule.reason, rule: rule.id, text: rule.text })),
      ...(unpriced ? [rateMissing(event)] : []),
    ],
    shadow: event.fired.filter((rule) => !rule.acts).map((rule) => ({ rule: rule.id, action: rule.action })),
    score:
      event.scored === null
        ? null
        : { value: event.scored.value, contributions: [...event.scored.contributions] },
    degraded: [...event.degraded].sort(),
    versions,
  }
}

/** An alert for every decision that a person must look at (any but `allow`), about the narrowest entity of the event. */
function alertOf(event: BatchEvent, decision: Decision): Alert | null {
  if (decision.action === 'allow') return null
  const [entity] = [...event.entities].sort(
    (a, b) => ENTITY_TYPES.indexOf(a.type) - ENTITY_TYPES.indexOf(b.type),
  )
  if (entity === undefined) return null
  return {
    id: `${decision.event}:${entity.type}`,
    event: decision.event,
    ...(decision.tenant === undefined ? {} : { tenant: decision.tenant }),
    time: decision.time,
    entity: { type: entity.type, pseudonym: entity.pseudonym },
    action: decision.action,
    reasons: decision.reasons,
    score: decision.score?.value ?? null,
  }
}

/** Review is the mildest action that has reasons, so this one stands last. */
function rateMissing({ event }: BatchEvent): Decision['reasons'][number] {
  return {
    code: 'RATE_MISSING',
    rule: 'money.missingRate',
    text: `There is no exchange rate for ${event.currency}, so nothing could look at the amount`,
  }
}

function severity(action: Action): number {
  return ACTIONS.indexOf(action)
}

/** A stable sort keeps rule order among equal actions. */
function strictestFirst(a: FiredRule, b: FiredRule): number {
  return severity(b.action) - severity(a.action)
}
