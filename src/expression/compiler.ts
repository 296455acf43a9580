// From the text of an expression to a closure over the event view.
// cel-js parses and type-checks; the closures are ours. Guarantees that a compiled expression never throws, whatever the
// event, and that everything that can be wrong with the text is said here and not at run time.
import { type ASTNode, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import type { Horizons } from '../velocity/grid.ts'
import type { WindowSet } from '../velocity/window.ts'
import { conjunctsOf } from './canonical.ts'
import { type ConditionTree, conditionTree } from './condition-tree.ts'
import { createEnvironment, EVENT_TYPE_SHIFT, type Scope, withEventType } from './environment.ts'
import type { Reader } from './fields.ts'
import { USAGE } from './functions.ts'
import { lint } from './lint.ts'
import { createLocalClock } from './local-time.ts'
import { NO_VOCABULARY, type Vocabulary } from './membership.ts'
import { checkNames } from './names.ts'
import { compileNode } from './nodes.ts'
import { type ExpressionProblem, problemAt } from './problem.ts'
import { NO_REFERENCES, type References, referencesIn } from './references.ts'
import { asNumber, constantBool, type Part, type ScalarPart } from './typed.ts'
import type { Complain } from './windows.ts'

export interface CompilerOptions {
  /** Every window that an expression asks for is registered here; equal ones share a slot. */
  readonly windows: WindowSet
  /** `rule` may read `score`, `feature` may not. */
  readonly scope: Scope
  /** How long journals are kept, which is the longest window that can be asked for, and how far back they are exact. */
  readonly horizons: Horizons
  /** Groups and lists; none if absent. */
  readonly vocabulary?: Vocabulary
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
  /**
   * Names an expression, and returns what is wrong with it. From then on the name stands for it, or for something unknown
   * when something was wrong. The name must be one that `definitionNameProblem` has nothing against; its first meaning stays.
   */
  define(name: string, source: string): readonly ExpressionProblem[]
  /** Makes the name stand for something unknown. */
  withhold(name: string): void
  /** What the text refers to; nothing when it is no expression. */
  references(source: string): References
  /** What the text certainly does not mean, though it is well-formed; nothing when it is no expression. */
  lint(source: string): readonly ExpressionProblem[]
  /** The conditions that && joins, in a spelling that is the same for equal ones; none when it is no expression. */
  conjuncts(source: string): ReadonlySet<string>
}

const LONGEST_SOURCE = 8_192

/** A compiler whose expressions share one set of windows. It never throws. */
export function createCompiler(options: CompilerOptions): Compiler {
  const { windows, scope, horizons, vocabulary = NO_VOCABULARY } = options
  const environment = createEnvironment(scope)
  const clock = createLocalClock()
  const definitions = new Map<string, ScalarPart>()
  const withheld = new Set<string>()

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
    checkNames(root, { scope, horizons, vocabulary, definitions }, complainTo(source, problems))
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
    if (needsWithheld(root)) {
      // The mistake is in the named expression, and is said there.
      return expected === 'bool'
        ? { ok: true, evaluate: () => false, tree: conditionTree(root, constantBool(false), new Map()) }
        : { ok: true, evaluate: () => Number.NaN }
    }
    const problems: ExpressionProblem[] = []
    const complain = complainTo(source, problems)
    const parts = new Map<ASTNode, Part>()
    const part = compileNode(root, { windows, horizons, vocabulary, clock, definitions, complain, parts })
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

  function define(name: string, source: string): readonly ExpressionProblem[] {
    if (definitions.has(name)) return []
    const root = check(source)
    if (!('op' in root)) return withhold(name, root)
    if (needsWithheld(root)) return withhold(name)
    const problems: ExpressionProblem[] = []
    const complain = complainTo(source, problems)
    const parts = new Map<ASTNode, Part>()
    const part = compileNode(root, { windows, horizons, vocabulary, clock, definitions, complain, parts })
    if (part === null) return withhold(name, problems)
    if (part.type === 'list') complain(root, 'a list cannot be named: name the condition, or a group.')
    else if (part.type === 'dyn') {
      complain(root, 'the type of an attribute is not known: compare it, or write double(…) around it.')
    } else {
      environment.registerVariable(name, part.type)
      definitions.set(name, part)
      return []
    }
    return withhold(name, problems)
  }

  function needsWithheld(root: ASTNode): boolean {
    return withheld.size > 0 && !withheld.isDisjointFrom(referencesIn(root).names)
  }

  /** The name is known from then on, so that nobody who uses it is told that it does not exist. */
  function withhold(name: string, problems: readonly ExpressionProblem[] = []): readonly ExpressionProblem[] {
    withheld.add(name)
    environment.registerVariable(name, 'dyn')
    definitions.set(name, { type: 'dyn', run: () => undefined })
    return problems
  }

  /** The tree of a text that need not be an expression; null when it is none. */
  function treeOf(source: string): ASTNode | null {
    if (source.length > LONGEST_SOURCE) return null
    try {
      return environment.parse(source).ast
    } catch (error) {
      if (error instanceof ParseError || error instanceof CelTypeError) return null
      throw error
    }
  }

  function references(source: string): References {
    const root = treeOf(source)
    return root === null ? NO_REFERENCES : referencesIn(root)
  }

  function lintSource(source: string): readonly ExpressionProblem[] {
    const problems: ExpressionProblem[] = []
    const root = treeOf(source)
    if (root !== null) lint(root, complainTo(source, problems))
    return problems
  }

  function conjuncts(source: string): ReadonlySet<string> {
    const root = treeOf(source)
    return root === null ? new Set() : conjunctsOf(root)
  }
  return { compile, define, withhold: (name) => void withhold(name), references, lint: lintSource, conjuncts }
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
