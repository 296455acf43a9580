// decide: from what fired to the decision, its alert, and the dead letters of what was rejected. Pure.
import type { Batch, BatchEvent, JudgedWith, Rejected } from '../batch.ts'
import type { OutputRecord } from '../log/event-log.ts'
import { HEADERS, type TopicNames } from '../log/topics.ts'
import type { MissingRatePolicy } from '../payment/rates.ts'
import { outcomeOf } from '../rules/outcome.ts'
import {
  DEFAULT_CUSTOMER_TEXT,
  type FiredRule,
  NO_THRESHOLDS,
  type Override,
  type Thresholds,
} from '../rules/rule-set.ts'
import { ENTITY_TYPES } from '../velocity/entity.ts'
import type { Alert, Decision } from './decision.ts'

export interface DecisionOptions {
  readonly versions: Decision['versions']
  /** Of the rule set; none if absent. */
  readonly thresholds?: Thresholds
  /** `unknown` if absent. */
  readonly missingRate?: MissingRatePolicy
}

export interface DecideOptions extends Omit<DecisionOptions, 'versions'> {
  readonly topics: TopicNames
  /** Of what stays as it is; a batch names the version of its lists itself. */
  readonly versions: Omit<Decision['versions'], keyof JudgedWith>
  /** Name of this processor; goes into headers only. */
  readonly processor: string
  /** Milliseconds from the broker timestamp; a decision that comes later says so in a header. Without one if absent. */
  readonly deadlineMs?: number
  /** Epoch milliseconds; goes into headers only. */
  readonly now: () => number
  readonly deadLetter: (rejected: Rejected, nowMs: number) => OutputRecord
}

/** The decide stage: fills `decision` of every event and `outputs` of the batch, in record order. */
export function createDecideStage(options: DecideOptions): (batch: Batch) => Batch {
  const { deadlineMs = Number.POSITIVE_INFINITY } = options
  return (batch) => {
    const nowMs = Math.round(options.now())
    const judging = { ...options, versions: versionsOf(options.versions, batch.judgedWith) }
    for (const event of batch.events) {
      const decision = decide(event, judging)
      event.decision = decision
      const headers: Record<string, string> = {
        [HEADERS.source]: `${event.record.topic}/${event.record.partition}/${event.record.offset}`,
        [HEADERS.decidedAt]: String(nowMs),
        [HEADERS.processor]: options.processor,
      }
      // Not in the value: whether it came in time says nothing about the event, and differs when it is made again.
      const lateMs = nowMs - event.record.timestampMs - deadlineMs
      if (lateMs > 0) headers[HEADERS.deadlineMissedBy] = String(lateMs)
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
 * The decision on one event: what the rules that act come to. With the policy `review` an amount without a rate asks for a review,
 * which no allow rule sets aside.
 */
export function decide(event: BatchEvent, options: DecisionOptions): Decision {
  const { versions, thresholds = NO_THRESHOLDS, missingRate = 'unknown' } = options
  const outcome = outcomeOf(event.fired, thresholds)
  const { because, overridden, points } = outcome
  const isUnpriced = missingRate === 'review' && Number.isNaN(event.amountBaseMinor)
  const action = isUnpriced && outcome.action === 'allow' ? 'review' : outcome.action
  const reasons = because.map(reasonOf)
  // Review is the mildest action that has reasons, so this one stands last, but before allow rules.
  if (isUnpriced) reasons.splice(outcome.action === 'allow' ? 0 : reasons.length, 0, rateMissing(event))
  return {
    event: event.event.id,
    ...(event.event.tenant === undefined ? {} : { tenant: event.event.tenant }),
    time: event.event.time,
    action,
    reasons,
    ...(overridden.length === 0 ? {} : { overridden: overridden.map(reasonOf) }),
    ...(points === null ? {} : { points: { ...points, rules: points.rules.map(weightOf) } }),
    shadow: event.fired
      .filter((rule) => !rule.acts)
      .map((rule) => ({ rule: rule.id, action: rule.action, ...partOf(rule) })),
    score:
      event.scored === null
        ? null
        : { value: event.scored.value, contributions: [...event.scored.contributions] },
    ...(event.challenged === null ? {} : { challenger: event.challenged }),
    degraded: [...event.degraded].sort(),
    versions,
  }
}

function reasonOf({ reason, id, text, customer }: FiredRule): Decision['reasons'][number] {
  return { code: reason, rule: id, text, customer }
}

function weightOf({ id, weight }: FiredRule): { rule: string; weight: number } {
  return { rule: id, weight: weight ?? 0 }
}

function partOf({ weight, override, demoted }: FiredRule): {
  weight?: number
  override?: Override
  demoted?: true
} {
  return {
    ...(weight === null ? {} : { weight }),
    ...(override === null ? {} : { override }),
    ...(demoted === undefined ? {} : { demoted }),
  }
}

function versionsOf(
  { ruleSet, ...others }: DecideOptions['versions'],
  { lists, demoted }: JudgedWith,
): Decision['versions'] {
  return { ruleSet, lists, ...(demoted.length === 0 ? {} : { demoted: [...demoted] }), ...others }
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

function rateMissing({ event }: BatchEvent): Decision['reasons'][number] {
  return {
    code: 'RATE_MISSING',
    rule: 'money.missingRate',
    text: `There is no exchange rate for ${event.currency}, so nothing could look at the amount`,
    customer: DEFAULT_CUSTOMER_TEXT,
  }
}
