// What is certainly not meant, though it is well-formed: comparisons that are never or always true, alone or together.
import type { ASTNode } from '@marcbachmann/cel-js'
import { childrenOf, pathOf, sourceOf } from './ast.ts'
import { ANY, type Range, rangeOf } from './ranges.ts'
import type { Complain } from './windows.ts'

type Order = '<' | '<=' | '>' | '>='
const MIRRORED: Readonly<Record<Order, Order>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** Complains about every comparison, and every set of conditions joined with &&, that cannot come out both ways. */
export function lint(root: ASTNode, complain: Complain): void {
  const visit = (node: ASTNode, isJoined: boolean): void => {
    if (isOrder(node.op)) checkComparison(node, node.op, complain)
    if (node.op === '==') checkEquality(node, complain)
    if (node.op === '&&' && !isJoined) checkTogether(node, complain)
    for (const child of childrenOf(node)) visit(child, node.op === '&&')
  }
  visit(root, false)
}

function isOrder(op: string): op is Order {
  return Object.hasOwn(MIRRORED, op)
}

function checkComparison(node: ASTNode, op: Order, complain: Complain): void {
  const [left, right] = childrenOf(node)
  if (left === undefined || right === undefined) return
  const [a, b] = [rangeOf(left), rangeOf(right)]
  const [less, more] = op === '<' || op === '<=' ? [a, b] : [b, a]
  const isStrict = op === '<' || op === '>'
  if (less.low > more.high || (isStrict && less.low === more.high)) {
    complain(node, `it is never true: ${bounds(left, right)}.${percentage(left, right)}`)
  } else if (less.high < more.low || (!isStrict && less.high === more.low)) {
    complain(node, `it is true of every known number: ${bounds(left, right)}; known(x) tells what is known.`)
  }
}

function checkEquality(node: ASTNode, complain: Complain): void {
  const [left, right] = childrenOf(node)
  if (left === undefined || right === undefined) return
  const [a, b] = [rangeOf(left), rangeOf(right)]
  if (a.low > b.high || b.low > a.high) complain(node, `it is never true: ${bounds(left, right)}.`)
}

/** The sides that are not literal, with what they can be. */
function bounds(left: ASTNode, right: ASTNode): string {
  const named = [left, right].filter((side) => side.op !== 'value')
  if (named.length === 0) return 'both sides are fixed'
  return named.map((side) => `${sourceOf(side)} ${spoken(rangeOf(side))}`).join(', and ')
}

function spoken({ low, high }: Range): string {
  if (low === high) return `is ${low}`
  if (high === Number.POSITIVE_INFINITY) return `is never below ${low}`
  return low === Number.NEGATIVE_INFINITY ? `is never above ${high}` : `is from ${low} to ${high}`
}

/** A share that is compared with a percentage. */
function percentage(left: ASTNode, right: ASTNode): string {
  for (const [share, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const [{ low, high }, { low: value }] = [rangeOf(share), rangeOf(other)]
    const isShare = share.op !== 'value' && low === 0 && high === 1
    if (isShare && other.op === 'value' && value > 1 && value <= 100) {
      return ` It is a share and no percentage: did you mean ${value / 100}?`
    }
  }
  return ''
}

/** What the conditions that && joins ask of one number or one text. */
interface Demand {
  range: Range
  /** Whether the ends of the range belong to it. */
  open: { low: boolean; high: boolean }
  texts: ReadonlySet<string> | null
}

function checkTogether(root: ASTNode, complain: Complain): void {
  const demands = new Map<string, Demand>()
  for (const node of operands(root)) {
    const found = demandOf(node)
    if (found === null) continue
    const before = demands.get(found.of)
    const together = before === undefined ? found.demand : both(before, found.demand)
    demands.set(found.of, together)
    if (before !== undefined && isImpossible(together) && !isImpossible(before)) {
      complain(node, `together with what stands before it, it is never true: ${found.of} cannot be both.`)
    }
  }
}

function operands(node: ASTNode): ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(operands) : [node]
}

function demandOf(node: ASTNode): { of: string; demand: Demand } | null {
  const [left, right] = childrenOf(node)
  if (left === undefined || right === undefined) return null
  const texts = textsOf(node.op, right)
  if (texts !== null && pathOf(left) !== null) {
    return { of: sourceOf(left), demand: { range: ANY, open: { low: false, high: false }, texts } }
  }
  if (!isOrder(node.op) && node.op !== '==') return null
  const isSwapped = left.op === 'value'
  const [subject, bound] = isSwapped ? [right, left] : [left, right]
  const value = rangeOf(bound)
  if (subject.op === 'value' || value.low !== value.high) return null
  const op = node.op === '==' || !isSwapped ? node.op : MIRRORED[node.op]
  const low = op === '<' || op === '<=' ? Number.NEGATIVE_INFINITY : value.low
  const high = op === '>' || op === '>=' ? Number.POSITIVE_INFINITY : value.low
  const open = { low: op === '>', high: op === '<' }
  return { of: sourceOf(subject), demand: { range: { low, high }, open, texts: null } }
}

/** The texts that `x == 'a'` or `x in ['a', 'b']` allow; null for anything else. */
function textsOf(op: string, right: ASTNode): ReadonlySet<string> | null {
  const items = op === '==' ? [right] : op === 'in' && right.op === 'list' ? right.args : []
  const texts = items.flatMap((item) =>
    item.op === 'value' && typeof item.args === 'string' ? [item.args] : [],
  )
  return items.length > 0 && texts.length === items.length ? new Set(texts) : null
}

function both(a: Demand, b: Demand): Demand {
  const low = Math.max(a.range.low, b.range.low)
  const high = Math.min(a.range.high, b.range.high)
  return {
    range: { low, high },
    open: {
      low: (a.open.low && a.range.low === low) || (b.open.low && b.range.low === low),
      high: (a.open.high && a.range.high === high) || (b.open.high && b.range.high === high),
    },
    texts: a.texts === null ? b.texts : b.texts === null ? a.texts : a.texts.intersection(b.texts),
  }
}

function isImpossible({ range: { low, high }, open, texts }: Demand): boolean {
  return texts?.size === 0 || low > high || (low === high && (open.low || open.high))
}
