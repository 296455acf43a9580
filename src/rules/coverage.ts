// Which tests of the rules' conditions the rule tests made true, and which false. A test counts where it was evaluated: right of
// an && when everything left of it held, right of an || when nothing did, because elsewhere its outcome changed nothing.
import type { ConditionTree } from '../expression/condition-tree.ts'
import type { ExpressionView } from '../expression/view.ts'
import type { RuleSet } from './rule-set.ts'

/** A part of a condition that was never seen to come out one way. */
export interface Uncovered {
  readonly rule: string
  /** `file:line:column`. */
  readonly place: string
  readonly source: string
  readonly never: 'true' | 'false'
}

export interface CoverageReport {
  /** Two for each test of each condition: true and false. */
  readonly outcomes: number
  readonly seen: number
  /** In the order of rules and of their text. */
  readonly uncovered: readonly Uncovered[]
}

export interface Coverage {
  observe(view: ExpressionView): void
  report(): CoverageReport
}

interface Outcomes {
  true: boolean
  false: boolean
}

export function createCoverage({ rules }: RuleSet): Coverage {
  const seen = new Map<ConditionTree, Outcomes>()
  for (const { tree } of rules) {
    for (const test of testsOf(tree)) seen.set(test, { true: false, false: false })
  }

  function walk(tree: ConditionTree, view: ExpressionView): boolean {
    const [first] = tree.parts
    if (tree.joins === 'not' && first !== undefined) return !walk(first, view)
    if (tree.joins === 'all') return tree.parts.every((part) => walk(part, view))
    if (tree.joins === 'any') return tree.parts.some((part) => walk(part, view))
    const holds = tree.holds(view)
    const outcomes = seen.get(tree)
    if (outcomes !== undefined) outcomes[holds ? 'true' : 'false'] = true
    return holds
  }

  return {
    observe(view) {
      for (const { tree } of rules) walk(tree, view)
    },
    report() {
      const uncovered = rules.flatMap(({ id, tree, placeOf }) =>
        testsOf(tree).flatMap((test) =>
          (['true', 'false'] as const)
            .filter((outcome) => seen.get(test)?.[outcome] !== true)
            .map(
              (never): Uncovered => ({ rule: id, place: placeOf(test.offset), source: test.source, never }),
            ),
        ),
      )
      const outcomes = 2 * seen.size
      return { outcomes, seen: outcomes - uncovered.length, uncovered }
    },
  }
}

function testsOf(tree: ConditionTree): ConditionTree[] {
  return tree.joins === null ? [tree] : tree.parts.flatMap(testsOf)
}
