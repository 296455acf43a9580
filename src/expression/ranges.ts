// Which numbers a part of an expression can be, as far as its text tells: interval arithmetic over the syntax tree.
// An unknown number is outside of every range: it compares as false whatever the range says.
import type { ASTNode } from '@marcbachmann/cel-js'
import { pathOf } from './ast.ts'
import { isWindowFunction } from './windows.ts'

export interface Range {
  readonly low: number
  readonly high: number
}

export const ANY: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
const FROM_ZERO: Range = { low: 0, high: Number.POSITIVE_INFINITY }

/** Fields whose numbers have bounds. */
const FIELD_RANGES: Readonly<Record<string, Range>> = {
  amount: FROM_ZERO,
  amount_minor: FROM_ZERO,
  hour: { low: 0, high: 23 },
  weekday: { low: 1, high: 7 },
  score: { low: 0, high: 1 },
  'device.geo.lat': { low: -90, high: 90 },
  'device.geo.lon': { low: -180, high: 180 },
}

/** Methods of texts whose numbers have bounds; a position of nothing is -1. */
const METHOD_RANGES: Readonly<Record<string, Range>> = {
  size: FROM_ZERO,
  indexOf: { low: -1, high: Number.POSITIVE_INFINITY },
  lastIndexOf: { low: -1, high: Number.POSITIVE_INFINITY },
}

const SECONDS: Readonly<Record<string, number>> = { minutes: 60, hours: 3_600, days: 86_400 }

/** Every number that the node can be lies within. */
export function rangeOf(node: ASTNode): Range {
  switch (node.op) {
    case 'value':
      return typeof node.args === 'number' || typeof node.args === 'bigint' ? point(Number(node.args)) : ANY
    case 'id':
    case '.': {
      const path = pathOf(node) ?? ''
      return (Object.hasOwn(FIELD_RANGES, path) ? FIELD_RANGES[path] : undefined) ?? ANY
    }
    case '-_': {
      const { low, high } = rangeOf(node.args)
      return { low: -high, high: -low }
    }
    case '+':
    case '-':
    case '*': {
      const [left, right] = node.args.map(rangeOf)
      return combine(node.op, left ?? ANY, right ?? ANY)
    }
    case '?:': {
      const [yes, no] = [rangeOf(node.args[1]), rangeOf(node.args[2])]
      return { low: Math.min(yes.low, no.low), high: Math.max(yes.high, no.high) }
    }
    case 'call':
      return rangeOfCall(node.args[0], node.args[1])
    case 'rcall':
      return METHOD_RANGES[node.args[0]] ?? ANY
    case '!=':
    case '!_':
    case '%':
    case '&&':
    case '.?':
    case '/':
    case '<':
    case '<=':
    case '==':
    case '>':
    case '>=':
    case '[?]':
    case '[]':
    case 'in':
    case 'list':
    case 'map':
    case '||':
      return ANY
  }
}

function rangeOfCall(name: string, args: readonly ASTNode[]): Range {
  if (name === 'local_hour' || name === 'local_weekday') return FIELD_RANGES[name.slice(6)] ?? ANY
  if (name === 'rate') return { low: 0, high: 1 }
  if (isWindowFunction(name) || name === 'size' || name === 'abs' || name === 'sqrt') return FROM_ZERO
  const factor = SECONDS[name]
  const [first, second] = args
  if (factor !== undefined && first !== undefined) return combine('*', rangeOf(first), point(factor))
  if (name === 'double' && first !== undefined) return rangeOf(first)
  if ((name !== 'least' && name !== 'greatest') || first === undefined || second === undefined) return ANY
  const [a, b] = [rangeOf(first), rangeOf(second)]
  const choose = name === 'least' ? Math.min : Math.max
  return { low: choose(a.low, b.low), high: choose(a.high, b.high) }
}

function combine(op: '+' | '-' | '*', a: Range, b: Range): Range {
  if (op === '+') return { low: a.low + b.low, high: a.high + b.high }
  if (op === '-') return { low: a.low - b.high, high: a.high - b.low }
  const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
  // 0 times infinity is no number: nothing is claimed.
  return products.some(Number.isNaN) ? ANY : { low: Math.min(...products), high: Math.max(...products) }
}

function point(value: number): Range {
  return { low: value, high: value }
}
