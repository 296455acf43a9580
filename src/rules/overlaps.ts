// Rules that find nothing of their own: another rule finds every such event already, and is at least as strict.
import type { Compiler } from '../expression/compiler.ts'
import { ACTIONS, type Action, type Rule } from './rule-set.ts'

export interface Overlap {
  readonly rule: string
  readonly message: string
}

/** The rules, in the order given, whose condition holds only where that of another rule holds. */
export function overlapsIn(rules: readonly Rule[], compiler: Compiler): Overlap[] {
  const parts = new Map(rules.map((rule) => [rule.id, compiler.conjuncts(rule.when)]))
  return rules.flatMap((rule, at): Overlap[] => {
    const own = parts.get(rule.id) ?? new Set()
    for (const [otherAt, other] of rules.entries()) {
      const theirs = parts.get(other.id) ?? new Set()
      if (other === rule || theirs.size === 0 || !theirs.isSubsetOf(own)) continue
      const isSame = theirs.size === own.size
      // Of two that say the same, the later one is reported.
      if (isSame && otherAt < at) {
        return [
          { rule: rule.id, message: `the condition is that of ${other.id}: join them, or tell them apart.` },
        ]
      }
      if (!isSame && covers(other, rule)) {
        const why = `${other.id} finds every such event already, and asks for ${other.action}`
        return [{ rule: rule.id, message: `it changes nothing: ${why}.` }]
      }
    }
    return []
  })
}

/** A live rule without weight covers one that asks for the same or less; allow rules and sums are matters of their own. */
function covers(other: Rule, rule: Rule): boolean {
  if (other.mode !== 'live' || rule.weight !== null) return false
  return (
    severity(other.action) > 0 && severity(rule.action) > 0 && severity(other.action) >= severity(rule.action)
  )
}

function severity(action: Action | null): number {
  return action === null ? 0 : ACTIONS.indexOf(action)
}
