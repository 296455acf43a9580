// Operators, compiled. Comparisons with an unknown number are false, `!=` included; arithmetic with it is unknown.
// Whole numbers are JavaScript numbers: exact to 2^53, rounded beyond instead of an overflow error. Division of whole
// numbers is cut towards zero, and unknown (like the remainder) when the divisor is 0; of doubles it follows IEEE 754.
import {
  asBool,
  asNumber,
  asText,
  type BoolPart,
  constantNumber,
  type DynPart,
  isNumber,
  type ListPart,
  type NumberPart,
  type Part,
  type ScalarPart,
  type TextPart,
} from './typed.ts'
import type { Attribute, Reader } from './fields.ts'

export type OrderOperator = '<' | '<=' | '>' | '>='
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

interface Order {
  readonly any: <T extends string | number>(a: Reader<T>, b: Reader<T>) => Reader<boolean>
  readonly constant: (a: Reader<number>, b: number) => Reader<boolean>
  /** A window against a constant is what rules are mostly made of: one closure instead of three (test/bench/rules.ts). */
  readonly slot: (slot: number, b: number) => Reader<boolean>
  readonly values: (a: Attribute, b: Attribute) => boolean
}

const UNKNOWN = Number.NaN

const ORDERS: Readonly<Record<OrderOperator, Order>> = {
  '<': {
    any: (a, b) => (view) => a(view) < b(view),
    constant: (a, b) => (view) => a(view) < b,
    slot: (slot, b) => (view) => (view.windows[slot] ?? UNKNOWN) < b,
    values: (a, b) => typeof a === typeof b && isOrdered(a) && isOrdered(b) && a < b,
  },
  '<=': {
    any: (a, b) => (view) => a(view) <= b(view),
    constant: (a, b) => (view) => a(view) <= b,
    slot: (slot, b) => (view) => (view.windows[slot] ?? UNKNOWN) <= b,
    values: (a, b) => typeof a === typeof b && isOrdered(a) && isOrdered(b) && a <= b,
  },
  '>': {
    any: (a, b) => (view) => a(view) > b(view),
    constant: (a, b) => (view) => a(view) > b,
    slot: (slot, b) => (view) => (view.windows[slot] ?? UNKNOWN) > b,
    values: (a, b) => typeof a === typeof b && isOrdered(a) && isOrdered(b) && a > b,
  },
  '>=': {
    any: (a, b) => (view) => a(view) >= b(view),
    constant: (a, b) => (view) => a(view) >= b,
    slot: (slot, b) => (view) => (view.windows[slot] ?? UNKNOWN) >= b,
    values: (a, b) => typeof a === typeof b && isOrdered(a) && isOrdered(b) && a >= b,
  },
}

const MIRRORED: Readonly<Record<OrderOperator, OrderOperator>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/** `left op right` for numbers or texts; an attribute is compared when it has the other side's type. Null for other types. */
export function compileOrder(op: OrderOperator, left: Part, right: Part): BoolPart | null {
  const order = ORDERS[op]
  if (left.type === 'dyn' && right.type === 'dyn') {
    return bool((view) => order.values(left.run(view), right.run(view)))
  }
  if (left.type === 'string' || right.type === 'string') {
    if (left.type === 'string' && right.type === 'string') return bool(order.any(left.run, right.run))
    const [dyn, text] = left.type === 'dyn' ? [left, right] : [right, left]
    if (dyn.type !== 'dyn' || text.type !== 'string') return null
    const { values } = dyn === left ? order : ORDERS[MIRRORED[op]]
    return bool((view) => values(dyn.run(view), text.run(view)))
  }
  const a = asNumber(left)
  const b = asNumber(right)
  if (a === null || b === null) return null
  if (b.constant !== undefined) return bool(orderConstant(order, a, b.constant))
  if (a.constant !== undefined) return bool(orderConstant(ORDERS[MIRRORED[op]], b, a.constant))
  return bool(order.any(a.run, b.run))
}

function orderConstant(order: Order, part: NumberPart, constant: number): Reader<boolean> {
  return part.slot === undefined ? order.constant(part.run, constant) : order.slot(part.slot, constant)
}

/** `left == right`, or `left != right`. Both are false when a number or attribute is unknown. Null for types that are never equal. */
export function compileEquality(op: '==' | '!=', left: Part, right: Part): BoolPart | null {
  const equal = op === '=='
  if (left.type === 'dyn' || right.type === 'dyn') {
    if (left.type === 'list' || right.type === 'list') return null
    const [a, b] = [valueOf(left), valueOf(right)]
    if (equal) {
      return bool((view) => {
        const x = a(view)
        return isKnown(x) && x === b(view)
      })
    }
    return bool((view) => {
      const [x, y] = [a(view), b(view)]
      return isKnown(x) && isKnown(y) && x !== y
    })
  }
  if (isNumber(left) && isNumber(right)) return numberEquality(equal, left.run, right.run)
  if (left.type === 'string' && right.type === 'string') return textEquality(equal, left, right)
  if (left.type === 'bool' && right.type === 'bool') {
    const [a, b] = [left.run, right.run]
    return bool(equal ? (view) => a(view) === b(view) : (view) => a(view) !== b(view))
  }
  return null
}

function numberEquality(equal: boolean, a: Reader<number>, b: Reader<number>): BoolPart {
  if (equal) return bool((view) => a(view) === b(view))
  return bool((view) => {
    const [x, y] = [a(view), b(view)]
    return x !== y && !Number.isNaN(x) && !Number.isNaN(y)
  })
}

function textEquality(equal: boolean, left: TextPart, right: TextPart): BoolPart {
  const [a, b] = left.constant === undefined ? [left, right] : [right, left]
  const { run } = a
  const { constant } = b
  if (constant !== undefined) {
    return bool(equal ? (view) => run(view) === constant : (view) => run(view) !== constant)
  }
  return bool(equal ? (view) => run(view) === b.run(view) : (view) => run(view) !== b.run(view))
}

/** `part in [a, b]`. An unknown number or attribute is in no list. Null for items that can never equal the part. */
export function compileIn(part: Part, list: ListPart): BoolPart | null {
  if (part.type === 'list') return null
  const constants = list.items.map((item) => ('constant' in item ? item.constant : undefined))
  if (part.type !== 'dyn' && constants.every((value) => value !== undefined)) {
    const set: ReadonlySet<string | number | boolean> = new Set(constants)
    const run = valueOf(part)
    return bool((view) => {
      const value = run(view)
      return isKnown(value) && set.has(value)
    })
  }
  const tests: Reader<boolean>[] = []
  for (const item of list.items) {
    const test = compileEquality('==', part, item)
    if (test === null) return null
    tests.push(test.run)
  }
  return bool((view) => tests.some((test) => test(view)))
}

/** `left op right` for numbers, and `+` for texts. Null for other types, and for two attributes, whose types nobody knows. */
export function compileArithmetic(
  op: ArithmeticOperator,
  left: Part,
  right: Part,
): NumberPart | TextPart | null {
  if (left.type === 'dyn' && right.type === 'dyn') return null
  if (left.type === 'string' || right.type === 'string') {
    const a = asText(left)
    const b = asText(right)
    if (op !== '+' || a === null || b === null) return null
    return { type: 'string', run: (view) => a.run(view) + b.run(view) }
  }
  const a = asNumber(left)
  const b = asNumber(right)
  if (a === null || b === null) return null
  const type = a.type === 'int' && b.type === 'int' ? 'int' : 'double'
  if (op === '%' && type === 'double') return null
  const run = arithmetic(op, type, a.run, b.run)
  return a.constant === undefined || b.constant === undefined
    ? { type, run }
    : constantNumber(type, foldWithoutView(op, type, a.constant, b.constant))
}

function arithmetic(
  op: ArithmeticOperator,
  type: NumberPart['type'],
  a: Reader<number>,
  b: Reader<number>,
): Reader<number> {
  switch (op) {
    case '+':
      return (view) => a(view) + b(view)
    case '-':
      return (view) => a(view) - b(view)
    case '*':
      // The sum turns -0 into 0, which integers have but one of.
      return type === 'int' ? (view) => a(view) * b(view) + 0 : (view) => a(view) * b(view)
    case '/':
      return type === 'int' ? (view) => quotient(a(view), b(view)) : (view) => a(view) / b(view)
    case '%':
      return (view) => (a(view) % b(view)) + 0
  }
}

function foldWithoutView(op: ArithmeticOperator, type: NumberPart['type'], a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return type === 'int' ? a * b + 0 : a * b
    case '/':
      return type === 'int' ? quotient(a, b) : a / b
    case '%':
      return (a % b) + 0
  }
}

function quotient(a: number, b: number): number {
  return b === 0 ? UNKNOWN : Math.trunc(a / b) + 0
}

/** `-part`. Null for what is no number. */
export function compileNegation(part: Part): NumberPart | null {
  const number = asNumber(part)
  if (number === null) return null
  const { type, run, constant } = number
  if (constant !== undefined) return constantNumber(type, type === 'int' ? 0 - constant : -constant)
  return { type, run: type === 'int' ? (view) => 0 - run(view) : (view) => -run(view) }
}

/** `!part`. Null for what is no condition. */
export function compileNot(part: Part): BoolPart | null {
  const condition = asBool(part)
  if (condition === null) return null
  const { run } = condition
  return bool((view) => !run(view))
}

/** `left && right`, `left || right`. Null when a side is no condition. */
export function compileLogic(op: '&&' | '||', left: Part, right: Part): BoolPart | null {
  const a = asBool(left)?.run
  const b = asBool(right)?.run
  if (a === undefined || b === undefined) return null
  return bool(op === '&&' ? (view) => a(view) && b(view) : (view) => a(view) || b(view))
}

/** `condition ? yes : no`. Null when there is no common type. */
export function compileTernary(condition: Part, yes: Part, no: Part): ScalarPart | null {
  const test = asBool(condition)?.run
  if (test === undefined || yes.type === 'list' || no.type === 'list') return null
  if (yes.type === 'bool' && no.type === 'bool') return { type: 'bool', run: choose(test, yes.run, no.run) }
  if (yes.type === 'string' && no.type === 'string')
    return { type: 'string', run: choose(test, yes.run, no.run) }
  if (isNumber(yes) && isNumber(no)) {
    return { type: yes.type === no.type ? yes.type : 'double', run: choose(test, yes.run, no.run) }
  }
  if (yes.type !== 'dyn' && no.type !== 'dyn') return null
  const mixed: DynPart = { type: 'dyn', run: choose<Attribute>(test, valueOf(yes), valueOf(no)) }
  return mixed
}

function choose<T>(test: Reader<boolean>, yes: Reader<T>, no: Reader<T>): Reader<T> {
  return (view) => (test(view) ? yes(view) : no(view))
}

function bool(run: Reader<boolean>): BoolPart {
  return { type: 'bool', run }
}

function valueOf(part: ScalarPart): Reader<Attribute> {
  return part.run
}

/** Neither missing nor an unknown number. */
export function isKnown(value: Attribute): value is string | number | boolean {
  return value !== undefined && !Number.isNaN(value)
}

function isOrdered(value: Attribute): value is number | string {
  return typeof value === 'number' || typeof value === 'string'
}
