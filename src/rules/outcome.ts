// What the rules that act come to: the strictest action that one asks for or that the sum of weights reaches, unless an
// allow rule sets it aside. Pure.
import { ACTIONS, type Action, type FiredRule, type Thresholds } from './rule-set.ts'

/** What the weighted rules that act came to. */
export interface Points {
  readonly sum: number
  /** What the sum asks for. */
  readonly action: Action
  readonly rules: readonly FiredRule[]
}

export interface Outcome {
  readonly action: Action
  /** The rules that made it or asked for something milder, strictest first, in rule order among equals. */
  readonly because: readonly FiredRule[]
  /** The rules that an allow rule set aside, in the same order. */
  readonly overridden: readonly FiredRule[]
  /** Null when no weighted rule acts. */
  readonly points: Points | null
}

/**
 * Precedence: the strictest action that is asked for stands, unless an acting allow rule names it, or a stricter one, as
 * its `override`. An allow rule sets aside everything or nothing: what is too strict for it brings the milder rules along.
 */
export function outcomeOf(fired: readonly FiredRule[], thresholds: Thresholds): Outcome {
  const points = pointsOf(fired, thresholds)
  let asked: Action = points?.action ?? 'allow'
  let allowance: Action = 'allow'
  const asking: FiredRule[] = []
  const allowing: FiredRule[] = []
  for (const rule of fired) {
    if (!rule.acts) continue
    if (rule.override !== null) {
      allowing.push(rule)
      allowance = stricter(allowance, rule.override)
    } else if (asks(rule, points) !== 'allow') {
      asking.push(rule)
      asked = stricter(asked, asks(rule, points))
    }
  }
  asking.sort((a, b) => severity(asks(b, points)) - severity(asks(a, points)))
  if (allowing.length > 0 && severity(asked) <= severity(allowance)) {
    return { action: 'allow', because: allowing, overridden: asking, points }
  }
  return { action: asked, because: asking, overridden: [], points }
}

function pointsOf(fired: readonly FiredRule[], thresholds: Thresholds): Points | null {
  const rules = fired.filter((rule) => rule.acts && rule.weight !== null)
  if (rules.length === 0) return null
  const sum = rules.reduce((total, { weight }) => total + (weight ?? 0), 0)
  let action: Action = 'allow'
  for (const name of ['review', 'challenge', 'block'] as const) {
    const from = thresholds[name]
    if (from !== null && sum >= from) action = name
  }
  return { sum, action, rules }
}

/** What the rule asks for by itself, or together with the others that add to the sum. */
function asks({ action, weight }: FiredRule, points: Points | null): Action {
  const shared = weight !== null && weight > 0 ? (points?.action ?? 'allow') : 'allow'
  return stricter(action ?? 'allow', shared)
}

function stricter(a: Action, b: Action): Action {
  return severity(a) >= severity(b) ? a : b
}

function severity(action: Action): number {
  return ACTIONS.indexOf(action)
}
