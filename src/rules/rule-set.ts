// Rules, compiled and ready: what fires for an event, and which of it acts. Pure and total; one pass over all rules.
import { createHash } from 'node:crypto'
import type { ConditionTree } from '../expression/condition-tree.ts'
import type { Reader } from '../expression/fields.ts'
import type { ExpressionView } from '../expression/view.ts'
import type { RuleBreaker } from './rule-breaker.ts'

/** From mildest to strictest. */
export const ACTIONS = ['allow', 'review', 'challenge', 'block'] as const
export type Action = (typeof ACTIONS)[number]

/** What an allow rule can set aside: everything up to this action. */
export const OVERRIDES = ['review', 'challenge', 'block'] as const
export type Override = (typeof OVERRIDES)[number]

/** `shadow` is recorded and never acts; `canary` acts for a fixed share of payers; `live` acts. */
export const RULE_MODES = ['shadow', 'canary', 'live'] as const
export type RuleMode = (typeof RULE_MODES)[number]

export interface FiredRule {
  readonly id: string
  /** Null for a rule that adds its weight alone. */
  readonly action: Action | null
  readonly reason: string
  /** What the analyst reads, from the rule's description. */
  readonly text: string
  /** What may be said to the customer. */
  readonly customer: string
  /** What it adds to the sum that the thresholds judge; null when it adds nothing. */
  readonly weight: number | null
  /** The strictest action that this allow rule sets aside; null for other rules. */
  readonly override: Override | null
  readonly mode: RuleMode
  /** False for a shadow rule, and for a canary outside its share of payers. */
  readonly acts: boolean
  /** True for a rule that would act had the breaker not put it into shadow. */
  readonly demoted?: true
}

/** A rule as its author wrote it, with defaults filled in. */
export interface RuleDefinition {
  readonly id: string
  readonly description: string
  /** CEL. */
  readonly when: string
  /** Null for a rule that adds its weight alone. */
  readonly action: Action | null
  /** A whole number, not 0; null when the rule adds nothing to the sum. */
  readonly weight: number | null
  /** Of an allow rule, and of no other. */
  readonly override: Override | null
  /** Stable code in capitals, for programs. */
  readonly reason: string
  /** A sentence that is safe to tell the customer. */
  readonly customer: string
  readonly mode: RuleMode
  /** Share of payers for whom a canary acts, above 0 to 100; null in other modes. */
  readonly percent: number | null
  /** Where the thresholds come from: a regulation, or judgement. For people; the hash leaves it out. */
  readonly source?: string | null
  /** What to do about a payment that it holds: a page. For people; the hash leaves it out. */
  readonly runbook?: string | null
  /** When the breaker puts it into shadow, where that is not what the configuration says. */
  readonly breaker?: RuleBreaker
}

export interface Rule extends RuleDefinition {
  readonly fires: Reader<boolean>
  /** What `when` is made of, for explanations. */
  readonly tree: ConditionTree
  /** `file:line:column` of the character at this offset of `when`. */
  readonly placeOf: (offset: number) => string
}

export interface RuleSet {
  /** `sha256:` and 64 hex digits over the canonical content of all rules. */
  readonly hash: string
  readonly size: number
  /** All rules, ordered by id. */
  readonly rules: readonly Rule[]
  /** What sums of weights ask for. */
  readonly thresholds: Thresholds
  /**
   * The rules that fire, ordered by id. Pure. `payerHash48` decides about canaries; with 0, for an event without a
   * payer that could be recognised again, no canary acts.
   */
  evaluate(view: ExpressionView, payerHash48: number): readonly FiredRule[]
}

/** From which sum of weights on an action is asked for; null where no sum asks for it. */
export interface Thresholds {
  readonly review: number | null
  readonly challenge: number | null
  readonly block: number | null
}

export const NO_THRESHOLDS: Thresholds = { review: null, challenge: null, block: null }

/** What a rules folder says besides its rules. */
export interface FolderContent {
  readonly thresholds: Thresholds
  /** What rules refer to by name, each with its content as one text, in any order. */
  readonly names: readonly string[]
}

const NOTHING_ELSE: FolderContent = { thresholds: NO_THRESHOLDS, names: [] }

/** Said where the reason has no sentence of its own: it gives nothing away. */
export const DEFAULT_CUSTOMER_TEXT =
  'We need to look at this more closely. Please contact us if you have a question.'

const NONE: readonly FiredRule[] = []

/** Joins rules with distinct ids. Their order does not matter: neither to what they do nor to the hash. */
export function createRuleSet(unordered: readonly Rule[], folder: FolderContent = NOTHING_ELSE): RuleSet {
  const rules = [...unordered].sort(byId)
  // Both outcomes of every rule are made here once, so that judging an event allocates nothing until a rule fires.
  const prepared = rules.map((rule) => ({
    fires: rule.fires,
    acting: fired(rule, true),
    silent: fired(rule, false),
    actsFor: actsFor(rule),
  }))
  return {
    hash: ruleSetHash(rules, folder),
    size: rules.length,
    rules,
    thresholds: folder.thresholds,
    evaluate(view, payerHash48) {
      let result: FiredRule[] | null = null
      for (const rule of prepared) {
        if (!rule.fires(view)) continue
        result ??= []
        result.push(rule.actsFor(payerHash48) ? rule.acting : rule.silent)
      }
      return result ?? NONE
    },
  }
}

/**
 * Hash of what the rules say: equal for two sets that decide alike and explain alike. Comments, key order, spelled-out
 * defaults, file names and the order of rules do not count; every other change does, a description's too, because
 * decisions carry it.
 */
export function ruleSetHash(
  rules: readonly RuleDefinition[],
  { thresholds, names }: FolderContent = NOTHING_ELSE,
): string {
  const content: unknown[] = [...rules].sort(byId).map(canonical)
  const { review, challenge, block } = thresholds
  if (review !== null || challenge !== null || block !== null) content.push({ review, challenge, block })
  if (names.length > 0) content.push({ names: [...names].sort() })
  return `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`
}

/** What came to the language later is an object at the end, left out where it says nothing: hashes of older sets stay. */
function canonical(rule: RuleDefinition): unknown[] {
  const later = {
    ...(rule.weight === null ? {} : { weight: rule.weight }),
    ...(rule.override === null ? {} : { override: rule.override }),
    ...(rule.customer === DEFAULT_CUSTOMER_TEXT ? {} : { customer: rule.customer }),
    ...(rule.breaker === undefined ? {} : { breaker: rule.breaker }),
  }
  const { id, description, when, action, reason, mode, percent } = rule
  const content = [id, description, when, action, reason, mode, percent]
  return Object.keys(later).length === 0 ? content : [...content, later]
}

/**
 * Where a payer stands in the line of all payers for this rule, from 0 to below 1: the same at any time and on any
 * processor, and independent between rules, so that not always the same payers meet what is new.
 */
export function canaryPosition(ruleId: string, payerHash48: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < ruleId.length; i++) hash = Math.imul(hash ^ ruleId.charCodeAt(i), 0x01000193)
  hash = mix(hash ^ (payerHash48 >>> 0))
  hash = mix(hash ^ Math.floor(payerHash48 / 0x1_0000_0000))
  return (hash >>> 0) / 0x1_0000_0000
}

/** MurmurHash3's 32-bit finaliser (A. Appleby, public domain): every input bit changes every output bit half the time. */
function mix(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function actsFor({ id, mode, percent }: Rule): (payerHash48: number) => boolean {
  if (mode === 'live') return () => true
  if (mode === 'shadow') return () => false
  const share = (percent ?? 0) / 100
  return (payerHash48) => payerHash48 !== 0 && canaryPosition(id, payerHash48) < share
}

function fired(rule: Rule, acts: boolean): FiredRule {
  const { id, action, reason, description: text, customer, weight, override, mode } = rule
  return Object.freeze({ id, action, reason, text, customer, weight, override, mode, acts })
}

/** By UTF-16 units, so that the order depends on no locale. */
function byId(a: RuleDefinition, b: RuleDefinition): number {
  return a.id < b.id ? -1 : Number(a.id > b.id)
}
