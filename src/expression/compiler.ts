// From the text of an expression to a closure over the event view.
// cel-js parses and type-checks; the closures are ours. Guarantees that a compiled expression never throws, whatever the
// event, and that everything that can be wrong with the text is said here and not at run time.
import { type ASTNode, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import type { WindowSet } from '../velocity/window.ts'
import { type ConditionTree, conditionTree } from './condition-tree.ts'
import { createEnvironment, EVENT_TYPE_SHIFT, type Scope, withEventType } from './environment.ts'
import type { Reader } from './fields.ts'
import { USAGE } from './functions.ts'
import { checkNames } from './names.ts'
import { compileNode } from './nodes.ts'
import { type ExpressionProblem, problemAt } from './problem.ts'
import { asNumber, type Part } from './typed.ts'
import type { Complain } from './windows.ts'

export interface CompilerOptions {
  /** Every window that an expression asks for is registered here; equal ones share a slot. */
  readonly windows: WindowSet
  /** `rule` may read `score`, `feature` may not. */
  readonly scope: Scope
  /** How long journals are kept, milliseconds: the longest window that can be asked for. */
  readonly retentionMs: number
}

export interface CompiledCondition {
  readonly ok: true
  readonly evaluate: Reader<boolean>
  /** For people who ask why a rule did (not) fire. */
  readonly tree: ConditionTree
}

export interface CompiledNumber {
  readonly ok: true
  /** NaN is unknown. */
  readonly evaluate: Reader<number>
}

/** At least one problem; all names that do not exist, or else the first thing that does not fit. */
export interface NotCompiled {
  readonly ok: false
  readonly problems: readonly ExpressionProblem[]
}

export interface Compiler {
  compile(source: string, expected: 'bool'): CompiledCondition | NotCompiled
  compile(source: string, expected: 'number'): CompiledNumber | NotCompiled
}

const LONGEST_SOURCE = 8_192

/** A compiler whose expressions share one set of windows. It never throws. */
export function createCompiler(options: CompilerOptions): Compiler {
  const { windows, scope, retentionMs } = options
  const environment = createEnvironment(scope)

  /** The syntax tree of a valid expression, or what is wrong. */
  function check(source: string): ASTNode | readonly ExpressionProblem[] {
    const problems: ExpressionProblem[] = []
    if (source.trim() === '') return [problemAt(source, 0, 'the expression is empty.')]
    if (source.length > LONGEST_SOURCE) {
      return [problemAt(source, LONGEST_SOURCE, `an expression has at most ${LONGEST_SOURCE} characters.`)]
    }
    let root: ASTNode
    try {
      root = environment.parse(source).ast
    } catch (error) {
      return [celProblem(source, error, 0)]
    }
    checkNames(root, { scope, retentionMs }, complainTo(source, problems))
    if (problems.length > 0) return problems
    const checked = environment.check(withEventType(source))
    return checked.valid ? root : [celProblem(source, checked.error, EVENT_TYPE_SHIFT)]
  }

  function compile(source: string, expected: 'bool'): CompiledCondition | NotCompiled
  function compile(source: string, expected: 'number'): CompiledNumber | NotCompiled
  function compile(
    source: string,
    expected: 'bool' | 'number',
  ): CompiledCondition | CompiledNumber | NotCompiled {
    const root = check(source)
    if (!('op' in root)) return { ok: false, problems: root }
    const problems: ExpressionProblem[] = []
    const complain = complainTo(source, problems)
    const parts = new Map<ASTNode, Part>()
    const part = compileNode(root, { windows, retentionMs, complain, parts })
    if (part === null) return { ok: false, problems }
    if (expected === 'bool') {
      if (part.type === 'bool') {
        return { ok: true, evaluate: part.run, tree: conditionTree(root, part, parts) }
      }
      complain(
        root,
        `it is of type ${part.type}, where true or false is expected: compare it with something.`,
      )
    } else {
      const number = asNumber(part)
      if (number !== null) return { ok: true, evaluate: number.run }
      const help = part.type === 'bool' ? ': write (…) ? 1.0 : 0.0.' : '.'
      complain(root, `it is of type ${part.type}, where a number is expected${help}`)
    }
    return { ok: false, problems }
  }
  return { compile }
}

function complainTo(source: string, problems: ExpressionProblem[]): Complain {
  return (node, message) => {
    problems.push(problemAt(source, node.start, message))
    return null
  }
}

/** What the library found wrong. `shift` is how far its positions are ahead of the source's. */
function celProblem(source: string, error: unknown, shift: number): ExpressionProblem {
  if (error instanceof ParseError || error instanceof CelTypeError) {
    return problemAt(source, (error.range?.start ?? shift) - shift, `${explain(error.summary)}.`)
  }
  return problemAt(source, 0, `${error instanceof Error ? error.message : String(error)}.`)
}

const OVERLOAD = /^no such overload: (.+) (==|!=|<=|>=|<|>|in|[-+*/%]) (.+)$/

const CALL = /^found no matching overload for '((?:\w+\.)?(\w+)\(.*\))'$/

/** The library's sentence in words for people who have not read CEL's specification. */
function explain(summary: string): string {
  const [, left, operator, right] = OVERLOAD.exec(summary) ?? []
  if (operator !== undefined) return `"${operator}" cannot stand between ${left} and ${right}`
  const [, call, name = ''] = CALL.exec(summary) ?? []
  const usage = USAGE[name]
  return usage === undefined ? summary : `${call} does not exist: write ${usage}`
}
