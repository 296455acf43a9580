// What a condition is made of, for people who ask why a rule did (not) fire and for the coverage of rule tests.
// A tree of the author's own words: what && and || join, down to the tests that are true or false by themselves.
import type { ASTNode } from '@marcbachmann/cel-js'
import { childrenOf, pathOf, sourceOf } from './ast.ts'
import type { Attribute, Reader } from './fields.ts'
import { isLocalFunction } from './functions.ts'
import { asBool, type BoolPart, isNumber, type Part } from './typed.ts'

/** Something that a test reads of the event: a field or a window. */
export interface Term {
  readonly source: string
  readonly read: Reader<Attribute>
}

export interface ConditionTree {
  /** As its author wrote it, on one line. */
  readonly source: string
  /** Where it begins in the expression, in UTF-16 units. */
  readonly offset: number
  /** `all` for &&, `any` for ||, `not` for the opposite of what these join; null for a test. */
  readonly joins: 'all' | 'any' | 'not' | null
  readonly holds: Reader<boolean>
  /** In the order of the text, which is the order of evaluation; empty for a test. */
  readonly parts: readonly ConditionTree[]
  /** What a test reads, each once; empty for what joins others. */
  readonly terms: readonly Term[]
}

type Parts = ReadonlyMap<ASTNode, Part>

/** The tree below `node`, which was compiled to `part`. `a && b && c` is one node with three parts. */
export function conditionTree(node: ASTNode, part: BoolPart, parts: Parts): ConditionTree {
  const shared = { source: sourceOf(node), offset: node.start, holds: part.run }
  if (node.op === '&&' || node.op === '||') {
    const children = operandsOf(node, node.op).flatMap((operand) => subtree(operand, parts))
    return { ...shared, joins: node.op === '&&' ? 'all' : 'any', parts: children, terms: [] }
  }
  if (node.op === '!_' && isJoin(node.args)) {
    return { ...shared, joins: 'not', parts: subtree(node.args, parts), terms: [] }
  }
  const terms = new Map<string, Reader<Attribute>>()
  collectTerms(node, parts, terms)
  return {
    ...shared,
    joins: null,
    parts: [],
    terms: [...terms].map(([source, read]) => ({ source, read })),
  }
}

function subtree(node: ASTNode, parts: Parts): ConditionTree[] {
  const part = parts.get(node)
  const condition = part === undefined ? null : asBool(part)
  return condition === null ? [] : [conditionTree(node, condition, parts)]
}

function operandsOf(node: ASTNode, op: '&&' | '||'): ASTNode[] {
  return node.op === op ? node.args.flatMap((side) => operandsOf(side, op)) : [node]
}

function isJoin(node: ASTNode): boolean {
  return node.op === '&&' || node.op === '||' || (node.op === '!_' && isJoin(node.args))
}

function collectTerms(node: ASTNode, parts: Parts, terms: Map<string, Reader<Attribute>>): void {
  const part = parts.get(node)
  const isWindow = part !== undefined && isNumber(part) && part.slot !== undefined
  const isLocal = node.op === 'call' && isLocalFunction(node.args[0])
  const isField = node.op === '[]' || isLocal || pathOf(node) !== null
  if (part !== undefined && part.type !== 'list' && (isWindow || isField)) terms.set(sourceOf(node), part.run)
  else for (const child of childrenOf(node)) collectTerms(child, parts, terms)
}
