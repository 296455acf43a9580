// Why a rule did (not) fire for one event: its condition with what each part came to. Plain data, for JSON and for reading.
import type { BatchEvent } from '../batch.ts'
import type { ConditionTree } from '../expression/condition-tree.ts'
import type { Attribute } from '../expression/fields.ts'
import type { ExpressionView } from '../expression/view.ts'
import type { Action, Rule } from './rule-set.ts'

export interface ConditionTrace {
  readonly source: string
  readonly joins: ConditionTree['joins']
  readonly holds: boolean
  /** What a test read; null is unknown or missing. */
  readonly terms: readonly { readonly source: string; readonly value: string | number | boolean | null }[]
  readonly parts: readonly ConditionTrace[]
}

export interface RuleTrace {
  readonly rule: string
  /** `file:line:column` of its condition. */
  readonly place: string
  /** Null for a rule that only adds to the sum of weights. */
  readonly action: Action | null
  readonly reason: string
  readonly fired: boolean
  /** False for a rule that fired without acting: in shadow, or a canary outside its share. */
  readonly acts: boolean
  readonly condition: ConditionTrace
}

/** The event must have passed the rules stage. */
export function traceRule(rule: Rule, event: BatchEvent): RuleTrace {
  const fired = event.fired.find(({ id }) => id === rule.id)
  return {
    rule: rule.id,
    place: rule.placeOf(0),
    action: rule.action,
    reason: rule.reason,
    fired: fired !== undefined,
    acts: fired?.acts === true,
    condition: traceCondition(rule.tree, event),
  }
}

function traceCondition(tree: ConditionTree, view: ExpressionView): ConditionTrace {
  return {
    source: tree.source,
    joins: tree.joins,
    holds: tree.holds(view),
    terms: tree.terms.map(({ source, read }) => ({ source, value: shown(read(view)) })),
    parts: tree.parts.map((part) => traceCondition(part, view)),
  }
}

/**
 * The parts that made the condition what it is: of an `all` that failed those that failed, of an `any` that holds those
 * that hold, else all of them.
 */
export function decidingParts({ joins, holds, parts }: ConditionTrace): readonly ConditionTrace[] {
  return joins === 'not' ? parts : parts.filter((part) => part.holds === holds)
}

function shown(value: Attribute): string | number | boolean | null {
  return value === undefined || Number.isNaN(value) ? null : value
}
