// One node of the syntax tree after another, compiled into closures. The tree has passed the name and type checks; what
// CEL allows beyond our part of it is refused here.
import type { ASTNode } from '@marcbachmann/cel-js'
import { nearest } from '../nearest.ts'
import type { Horizons } from '../velocity/grid.ts'
import type { WindowSet } from '../velocity/window.ts'
import { type BinaryNode, pathOf, sourceOf } from './ast.ts'
import { compileDegraded, compileFunction, compileHas, compileMatches, compileMethod } from './calls.ts'
import { attribute, FIELDS, hourOf, SCORE, weekdayOf } from './fields.ts'
import {
  degradationNamed,
  isLocalFunction,
  type LocalFunction,
  TEXT_METHODS,
  type TextMethod,
  USAGE,
} from './functions.ts'
import type { LocalClock } from './local-time.ts'
import { isMembership, membershipCall, membershipOf, type Vocabulary } from './membership.ts'
import {
  compileArithmetic,
  compileEquality,
  compileIn,
  compileLogic,
  compileNegation,
  compileNot,
  compileOrder,
  compileTernary,
} from './operators.ts'
import {
  asText,
  constantBool,
  constantNumber,
  constantText,
  type ListPart,
  type Part,
  type ScalarPart,
} from './typed.ts'
import { type Complain, isWindowFunction, windowOf } from './windows.ts'

export interface NodeContext {
  readonly windows: WindowSet
  readonly horizons: Horizons
  readonly complain: Complain
  readonly vocabulary: Vocabulary
  readonly clock: LocalClock
  /** Named expressions. */
  readonly definitions: ReadonlyMap<string, ScalarPart>
  /** Filled with what each node became. */
  readonly parts: Map<ASTNode, Part>
}

type Call = ASTNode & { op: 'call' }
type MethodCall = ASTNode & { op: 'rcall' }

/** The node's closure; null when it cannot be used, after saying why. */
export function compileNode(node: ASTNode, context: NodeContext): Part | null {
  const part = compile(node, context)
  if (part !== null) context.parts.set(node, part)
  return part
}

function compile(node: ASTNode, context: NodeContext): Part | null {
  switch (node.op) {
    case 'value':
      return compileLiteral(node, context)
    case 'id':
    case '.':
      return compilePath(node, context)
    case '[]':
      return compileIndex(node, context)
    case 'call':
      return compileCall(node, context)
    case 'rcall':
      return compileMethodCall(node, context)
    case 'list':
      return compileList(node.args, context)
    case '!_':
    case '-_': {
      const part = compileNode(node.args, context)
      if (part === null) return null
      return (node.op === '!_' ? compileNot(part) : compileNegation(part)) ?? unusable(node, context)
    }
    case '?:': {
      const [condition, yes, no] = node.args.map((arg) => compileNode(arg, context))
      if (condition == null || yes == null || no == null) return null
      return compileTernary(condition, yes, no) ?? unusable(node, context)
    }
    case 'map':
    case '.?':
    case '[?]':
      return unusable(node, context)
    case '||':
    case '&&':
    case '!=':
    case '==':
    case 'in':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileBinary(node, context)
  }
}

function compileBinary(node: BinaryNode, context: NodeContext): Part | null {
  const [leftNode, rightNode] = node.args
  const { op } = node
  if (op === 'in' && pathOf(rightNode) === 'attributes') return compileAttributeTest(leftNode, context)
  if (op === 'in' && membershipCall(rightNode) !== null) return compileMembership(node, context)
  const left = compileNode(leftNode, context)
  const right = compileNode(rightNode, context)
  if (left === null || right === null) return null
  switch (op) {
    case '&&':
    case '||':
      return compileLogic(op, left, right) ?? unusable(node, context)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(op, left, right) ?? unusable(node, context)
    case '==':
    case '!=':
      if (!valuesExist(left, rightNode, right, context) || !valuesExist(right, leftNode, left, context))
        return null
      return compileEquality(op, left, right) ?? unusable(node, context)
    case 'in':
      if (right.type !== 'list')
        return context.complain(rightNode, 'right of "in" stands a list, or attributes.')
      if (rightNode.op === 'list') {
        const exist = rightNode.args.map((item, i) => valuesExist(left, item, right.items[i], context))
        if (exist.includes(false)) return null
      }
      return compileIn(left, right) ?? unusable(node, context)
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      if (left.type === 'dyn' && right.type === 'dyn') {
        return context.complain(
          node,
          'the types of two attributes are not known: write double(…) around one of them.',
        )
      }
      return compileArithmetic(op, left, right) ?? unusable(node, context)
    case '[]':
    case '[?]':
      return unusable(node, context)
  }
}

function compileMembership(node: BinaryNode, context: NodeContext): ScalarPart | null {
  const [leftNode, rightNode] = node.args
  const part = compileNode(leftNode, context)
  const isMember = membershipOf(rightNode, context.vocabulary, context.complain)
  if (part === null || isMember === null) return null
  const text = asText(part)
  if (text === null) return unusable(node, context)
  const { run } = text
  return { type: 'bool', run: (view) => isMember(run(view), view) }
}

/** A field that can have few values is compared with one of them, or "", and with no other. */
function valuesExist(
  field: Part,
  node: ASTNode,
  value: Part | undefined,
  { complain }: NodeContext,
): boolean {
  if (field.type !== 'string' || field.values === undefined || value?.type !== 'string') return true
  const { constant } = value
  if (constant === undefined || constant === '' || field.values.includes(constant)) return true
  const near = nearest(constant, field.values)
  const help = near === null ? `It can be ${field.values.join(', ')}.` : `Did you mean "${near}"?`
  complain(node, `it is never '${constant}'. ${help}`)
  return false
}

function compileLiteral(node: ASTNode & { op: 'value' }, context: NodeContext): Part | null {
  const value = node.args
  if (typeof value === 'bigint') return constantNumber('int', Number(value))
  if (typeof value === 'number') return constantNumber('double', value)
  if (typeof value === 'string') return constantText(value)
  if (typeof value === 'boolean') return constantBool(value)
  return unusable(node, context)
}

function compilePath(node: ASTNode, context: NodeContext): ScalarPart | null {
  const path = pathOf(node) ?? ''
  const defined = context.definitions.get(path)
  if (defined !== undefined) return defined
  if (path === 'score') return { type: 'double', run: SCORE.read }
  if (path.startsWith('attributes.')) {
    const name = path.slice('attributes.'.length)
    return { type: 'dyn', run: (view) => attribute(view, name) }
  }
  const field = FIELDS[path]
  if (field === undefined) return unusable(node, context)
  if (field.type !== 'string') return { type: field.type, run: field.read }
  const { raw, values } = field
  const run = (view: Parameters<typeof raw>[0]): string => raw(view) ?? ''
  return values === undefined ? { type: 'string', run } : { type: 'string', run, values }
}

function compileIndex(node: ASTNode & { op: '[]' }, context: NodeContext): ScalarPart | null {
  const [object, index] = node.args
  if (pathOf(object) !== 'attributes') {
    return context.complain(node, "only attributes are read with [ ], such as attributes['loyalty'].")
  }
  const part = compileNode(index, context)
  const name = part === null ? null : asText(part)
  if (name === null) return context.complain(index, "the name of an attribute is a text, such as 'loyalty'.")
  const { run, constant } = name
  if (constant !== undefined) return { type: 'dyn', run: (view) => attribute(view, constant) }
  return { type: 'dyn', run: (view) => attribute(view, run(view)) }
}

function compileAttributeTest(node: ASTNode, context: NodeContext): ScalarPart | null {
  const part = compileNode(node, context)
  if (part === null) return null
  const name = asText(part)
  if (name === null) return context.complain(node, "the name of an attribute is a text, such as 'loyalty'.")
  return { type: 'bool', run: (view) => attribute(view, name.run(view)) !== undefined }
}

function compileCall(node: Call, context: NodeContext): ScalarPart | null {
  const [name, args] = node.args
  if (isWindowFunction(name)) {
    const spec = windowOf({ node, fn: name, args, horizons: context.horizons }, context.complain)
    if (spec === null) return null
    const slot = context.windows.slot(spec)
    return { type: 'double', run: (view) => view.windows[slot] ?? Number.NaN, slot }
  }
  if (isMembership(name)) return context.complain(node, `it stands right of "in": write ${USAGE[name]}.`)
  const [first] = args
  if (isLocalFunction(name)) return compileLocal(name, first?.args === 'payee' ? 'payee' : 'payer', context)
  if (name === 'degraded') {
    const what = degradationNamed(first?.args)
    return what === null ? unusable(node, context) : compileDegraded(what)
  }
  if (name === 'has' && first !== undefined) {
    return compileHas(pathOf(first) ?? '') ?? unusable(node, context)
  }
  const parts = args.map((arg) => compileNode(arg, context))
  if (parts.includes(null)) return null
  return (
    compileFunction(
      name,
      parts.filter((part) => part !== null),
    ) ?? unusable(node, context)
  )
}

function compileLocal(name: LocalFunction, who: 'payer' | 'payee', { clock }: NodeContext): ScalarPart {
  const read = name === 'local_hour' ? hourOf : weekdayOf
  return { type: 'int', run: (view) => read(clock(view.event[who], view.timeMs)) }
}

function compileMethodCall(node: MethodCall, context: NodeContext): ScalarPart | null {
  const [name, receiverNode, argNodes] = node.args
  const receiver = compileNode(receiverNode, context)
  const args = argNodes.map((arg) => compileNode(arg, context)).filter((part) => part !== null)
  if (receiver === null || args.length < argNodes.length || !isMethod(name)) return null
  if (name !== 'matches') return compileMethod(name, receiver, args) ?? unusable(node, context)
  const [argNode, arg] = [argNodes[0], args[0]]
  const part = compileMatches(receiver, arg?.type === 'string' ? arg.constant : undefined)
  if (part === null) return unusable(node, context)
  return 'problem' in part ? context.complain(argNode ?? node, part.problem) : part
}

function isMethod(name: string): name is TextMethod {
  return TEXT_METHODS.some((known) => known === name)
}

function compileList(nodes: readonly ASTNode[], context: NodeContext): ListPart | null {
  const items: ScalarPart[] = []
  for (const node of nodes) {
    const part = compileNode(node, context)
    if (part === null) return null
    if (part.type === 'list') return context.complain(node, 'a list cannot hold lists.')
    items.push(part)
  }
  return { type: 'list', items }
}

function unusable(node: ASTNode, { complain }: NodeContext): null {
  return complain(
    node,
    `${sourceOf(node)} is of no use here: it is CEL, but not for numbers, texts and conditions.`,
  )
}
