// Calls of functions and methods, compiled. What a call cannot take is null here and a message in compiler.ts.
import { compilePattern } from './automaton.ts'
import { type Attribute, attribute, FIELDS, OBJECTS, type Reader } from './fields.ts'
import {
  codePoints,
  type Degradation,
  lowerAscii,
  NUMBER_FUNCTIONS,
  PAIR_FUNCTIONS,
  parseDouble,
  parseInteger,
  positionOf,
  substring,
  type TextMethod,
  truncate,
  upperAscii,
} from './functions.ts'
import { isKnown } from './operators.ts'
import {
  asNumber,
  asText,
  type BoolPart,
  constantNumber,
  isNumber,
  type NumberPart,
  type Part,
  type ScalarPart,
  type TextPart,
} from './typed.ts'

/** A function of numbers, a conversion, `known` or `size`. Null when the arguments do not fit. */
export function compileFunction(name: string, args: readonly Part[]): ScalarPart | null {
  const [first, second] = args
  if (first === undefined || first.type === 'list') return null
  if (isNumberFunction(name)) return args.length === 1 ? unary(NUMBER_FUNCTIONS[name], first) : null
  if (isPairFunction(name)) {
    return second !== undefined && args.length === 2 ? pair(PAIR_FUNCTIONS[name], first, second) : null
  }
  if (args.length !== 1) return null
  switch (name) {
    case 'known':
      return compileKnown(first)
    case 'size':
      return first.type === 'string' ? compileMethod('size', first, []) : null
    case 'double':
      return convert('double', first, (x) => x, parseDouble)
    case 'int':
      return convert('int', first, truncate, parseInteger)
    default:
      return null
  }
}

function unary(apply: (x: number) => number, arg: Part): NumberPart | null {
  const number = asNumber(arg)
  if (number === null) return null
  const { run, constant } = number
  if (constant !== undefined) return constantNumber('double', apply(constant))
  return { type: 'double', run: (view) => apply(run(view)) }
}

function pair(apply: (a: number, b: number) => number, left: Part, right: Part): NumberPart | null {
  const a = asNumber(left)
  const b = asNumber(right)
  if (a === null || b === null) return null
  return { type: 'double', run: (view) => apply(a.run(view), b.run(view)) }
}

/** A missing text is not known, nor is an attribute that the event lacks. */
function compileKnown(part: ScalarPart): BoolPart | null {
  if (part.type === 'bool') return null
  const run: Reader<Attribute> = part.run
  return { type: 'bool', run: (view) => known(run(view)) }
}

function known(value: Attribute): boolean {
  return value !== '' && isKnown(value)
}

function convert(
  type: NumberPart['type'],
  part: ScalarPart,
  number: (x: number) => number,
  text: (x: string) => number,
): NumberPart | null {
  if (part.type === 'bool') return null
  if (isNumber(part)) {
    const { run, constant } = part
    if (constant !== undefined) return constantNumber(type, number(constant))
    return { type, run: (view) => number(run(view)) }
  }
  const run: Reader<Attribute> = part.run
  return {
    type,
    run: (view) => {
      const value = run(view)
      if (typeof value === 'number') return number(value)
      return typeof value === 'string' ? text(value) : Number.NaN
    },
  }
}

/** A method of a text; an attribute that holds no text counts as "". Null when receiver or arguments do not fit. */
export function compileMethod(
  name: Exclude<TextMethod, 'matches'>,
  receiver: Part,
  args: readonly Part[],
): ScalarPart | null {
  const text = asText(receiver)?.run
  if (text === undefined) return null
  if (name === 'substring') return compileSubstring(text, args)
  if (args.length > 1) return null
  const [arg] = args
  if (name === 'size') {
    return arg === undefined ? { type: 'int', run: (view) => codePoints(text(view)) } : null
  }
  if (isTextFunction(name)) {
    const apply = TEXT_FUNCTIONS[name]
    return arg === undefined ? { type: 'string', run: (view) => apply(text(view)) } : null
  }
  const part = arg === undefined ? null : asText(arg)
  if (part === null) return null
  const { run } = part
  switch (name) {
    case 'startsWith':
      return { type: 'bool', run: (view) => text(view).startsWith(run(view)) }
    case 'endsWith':
      return { type: 'bool', run: (view) => text(view).endsWith(run(view)) }
    case 'contains':
      return { type: 'bool', run: (view) => text(view).includes(run(view)) }
    case 'indexOf':
      return { type: 'int', run: (view) => positionOf(text(view), run(view), 'first') }
    case 'lastIndexOf':
      return { type: 'int', run: (view) => positionOf(text(view), run(view), 'last') }
  }
}

function compileSubstring(text: Reader<string>, args: readonly Part[]): TextPart | null {
  const [first, second] = args
  const from = first === undefined ? null : asNumber(first)
  if (from === null || args.length > 2) return null
  if (second === undefined) {
    return {
      type: 'string',
      run: (view) => substring(text(view), from.run(view), Number.POSITIVE_INFINITY),
    }
  }
  const to = asNumber(second)
  if (to === null) return null
  return { type: 'string', run: (view) => substring(text(view), from.run(view), to.run(view)) }
}

/** `degraded('late')`: whether the event lacks this, in whatever way. */
export function compileDegraded(what: Degradation): BoolPart {
  const inSomeWay = `${what}:`
  return {
    type: 'bool',
    run: ({ degraded }) => degraded.some((missing) => missing === what || missing.startsWith(inSomeWay)),
  }
}

/** `receiver.matches('pattern')`: the closure, or what is wrong with the pattern. Null when the receiver is no text. */
export function compileMatches(
  receiver: Part,
  pattern: TextPart['constant'],
): BoolPart | { readonly problem: string } | null {
  const text = asText(receiver)?.run
  if (text === undefined) return null
  if (pattern === undefined) return { problem: 'the pattern of matches must be a literal text.' }
  const compiled = compilePattern(pattern)
  if (!compiled.ok) return { problem: `the pattern cannot be used: ${compiled.message}.` }
  const { matches } = compiled
  return { type: 'bool', run: (view) => matches(text(view)) }
}

/** `has(path)`: whether the event has the field, object or attribute. Null for another path. */
export function compileHas(path: string): BoolPart | null {
  const object = OBJECTS[path]
  if (object !== undefined) return { type: 'bool', run: object }
  if (path.startsWith('attributes.')) {
    const name = path.slice('attributes.'.length)
    return { type: 'bool', run: (view) => attribute(view, name) !== undefined }
  }
  const field = FIELDS[path]
  if (field === undefined) return null
  if (field.type === 'string') {
    const { raw } = field
    return { type: 'bool', run: (view) => raw(view) !== undefined }
  }
  const { read } = field
  return { type: 'bool', run: (view) => !Number.isNaN(read(view)) }
}

const TEXT_FUNCTIONS = {
  lowerAscii,
  upperAscii,
  trim: (text: string) => text.trim(),
} as const satisfies Partial<Record<TextMethod, (text: string) => string>>

function isTextFunction(name: string): name is keyof typeof TEXT_FUNCTIONS {
  return Object.hasOwn(TEXT_FUNCTIONS, name)
}

function isNumberFunction(name: string): name is keyof typeof NUMBER_FUNCTIONS {
  return Object.hasOwn(NUMBER_FUNCTIONS, name)
}

function isPairFunction(name: string): name is keyof typeof PAIR_FUNCTIONS {
  return Object.hasOwn(PAIR_FUNCTIONS, name)
}
