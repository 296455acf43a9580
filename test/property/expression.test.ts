// What compiled expressions guarantee for every expression and event: the library's result where it has one, and never an exception.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Compiler, createCompiler } from '../../src/expression/compiler.ts'
import type { ConditionTree } from '../../src/expression/condition-tree.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { bool, number, view } from '../unit/expression/arbitraries.ts'
import { createOracle, DEFINITIONS, VOCABULARY } from '../unit/expression/cel-oracle.ts'
import { HORIZONS } from '../support/horizons.ts'

const RUNS = { numRuns: 3_000 }
const FAILED = Symbol('the library threw')

function setUp() {
  const windows = createWindowSet()
  const compiler = createCompiler({
    windows,
    scope: 'rule',
    horizons: HORIZONS,
    vocabulary: VOCABULARY,
  })
  for (const [name, source] of Object.entries(DEFINITIONS)) compiler.define(name, source)
  return {
    windows,
    compiler,
    oracle: createOracle(windows),
  }
}

/** The library's result, or FAILED where it has an error and we have a defined value. */
function libraryResult(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    // Attributes of unknown type can fit two of the library's overloads at once, which it finds out when it runs.
    const { name, message } = error as Error
    expect(name === 'EvaluationError' || /^Operator overload .* overlaps/.test(message)).toBe(true)
    return FAILED
  }
}

test('a compiled condition gives what the library gives', () => {
  let compared = 0
  fc.assert(
    fc.property(bool(4), view, (expression, event) => {
      const { compiler, oracle } = setUp()
      const compiled = compiler.compile(expression.ours, 'bool')
      if (!compiled.ok) throw new Error(`${expression.ours}: ${JSON.stringify(compiled.problems)}`)
      const ours = compiled.evaluate(event)
      expect(ours).toBeTypeOf('boolean')
      oracle.look(event)
      const theirs = libraryResult(() => oracle.parse(expression.library)(oracle.contextOf(event)))
      if (theirs === FAILED) return
      compared++
      expect(ours).toBe(theirs)
    }),
    RUNS,
  )
  // Most generated cases must be ones where the library has a result, or the property says little.
  expect(compared).toBeGreaterThan(RUNS.numRuns * 0.7)
})

test('a compiled number is the one that the library gives', () => {
  let compared = 0
  fc.assert(
    fc.property(number, view, (expression, event) => {
      const { compiler, oracle } = setUp()
      const compiled = compiler.compile(expression.ours, 'number')
      if (!compiled.ok) throw new Error(`${expression.ours}: ${JSON.stringify(compiled.problems)}`)
      const ours = compiled.evaluate(event)
      expect(ours).toBeTypeOf('number')
      oracle.look(event)
      const theirs = libraryResult(() => oracle.parse(expression.library)(oracle.contextOf(event)))
      if (theirs === FAILED) return
      compared++
      expect(ours === theirs || Object.is(ours, Number(theirs)) || ours === Number(theirs)).toBe(true)
    }),
    RUNS,
  )
  expect(compared).toBeGreaterThan(RUNS.numRuns * 0.7)
})

test('what is said to be never or always true of numbers is so', () => {
  let found = 0
  fc.assert(
    fc.property(
      number,
      number,
      fc.constantFrom('<', '<=', '>', '>=', '=='),
      view,
      (a, b, operator, event) => {
        const { windows, compiler } = setUp()
        const source = `(${a.ours}) ${operator} (${b.ours})`
        const bounded = { ...event, score: event.score > 1 ? 0.5 : event.score }
        const geo = bounded.event.device?.geo
        fc.pre(geo === undefined || (Math.abs(geo.lat) <= 90 && Math.abs(geo.lon) <= 180))
        const root = verdictOf(a.ours, operator, b.ours, compiler)
        if (root === null) return
        found++
        const compiled = compiler.compile(source, 'bool')
        const known = compiler.compile(`known(${a.ours}) && known(${b.ours})`, 'bool')
        if (!compiled.ok || !known.ok) throw new Error(source)
        // A rate is a share, whatever number was drawn for its window.
        bounded.windows = event.windows.map((value, slot) =>
          windows.specs[slot]?.fn === 'rate' ? value % 1 : value,
        )
        if (root === 'never') expect(compiled.evaluate(bounded)).toBe(false)
        else if (known.evaluate(bounded)) expect(compiled.evaluate(bounded)).toBe(true)
      },
    ),
    { numRuns: 5_000 },
  )
  expect(found).toBeGreaterThan(100)
})

/** What is said of the comparison itself, which stands first; null when it may be about a part of it. */
function verdictOf(a: string, operator: string, b: string, compiler: Compiler): 'never' | 'always' | null {
  if (compiler.lint(a).length > 0 || compiler.lint(b).length > 0) return null
  const [first] = compiler.lint(`(${a}) ${operator} (${b})`)
  if (first === undefined) return null
  return first.message.startsWith('it is never') ? 'never' : 'always'
}

test('the tree of an expression is true where its parts say so', () => {
  fc.assert(
    fc.property(fc.array(bool(2), { minLength: 1, maxLength: 4 }), view, (parts, event) => {
      const { compiler } = setUp()
      const compiled = compiler.compile(parts.map(({ ours }) => `(${ours})`).join(' && '), 'bool')
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
      const check = (tree: ConditionTree): void => {
        const again = compiler.compile(tree.source, 'bool')
        // An attribute is joined as a condition, and is no expression by itself.
        if (!again.ok) expect(tree.source).toMatch(/^attributes\b/)
        else expect(again.evaluate(event)).toBe(tree.holds(event))
        const holds = tree.parts.map((part) => part.holds(event))
        if (tree.joins === 'all') expect(tree.holds(event)).toBe(!holds.includes(false))
        if (tree.joins === 'any') expect(tree.holds(event)).toBe(holds.includes(true))
        if (tree.joins === 'not') expect([tree.holds(event)]).toEqual(holds.map((part) => !part))
        for (const part of tree.parts) check(part)
      }
      expect(compiled.tree.holds(event)).toBe(compiled.evaluate(event))
      check(compiled.tree)
    }),
    { numRuns: 1_000 },
  )
})

const SYMBOLS = '( ) [ ] { } , . : ? ! - + * / % < <= == != && || in'.split(' ')
const LITERALS = [
  'true',
  'null',
  '0',
  '1.5',
  '2u',
  "'10m'",
  "'1y'",
  "b'x'",
  '"',
  '\\',
  '//',
  '\n',
  ' ',
  "'x'",
]
const NAMES = 'card device payee declined amount score type payer account attributes nothing __proto__'.split(
  ' ',
)
const CALLS = [
  'count(card, "1h")',
  ...'distinct( has( known( size( matches( int( cel.bind( exists( duration('.split(' '),
]
const TOKENS = [...SYMBOLS, ...LITERALS, ...NAMES, ...CALLS]

test('any text at all is either an expression that runs or a list of problems', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 12 }), view, (tokens, event) => {
      const source = tokens.join('')
      const { compiler } = setUp()
      const condition = compiler.compile(source, 'bool')
      if (condition.ok) expect(condition.evaluate(event)).toBeTypeOf('boolean')
      else {
        expect(condition.problems.length).toBeGreaterThan(0)
        for (const { message, offset, line, column } of condition.problems) {
          expect(message).toMatch(/[.?]$/)
          expect(offset).toBeGreaterThanOrEqual(0)
          expect(offset).toBeLessThanOrEqual(source.length)
          expect(source.split('\n')[line - 1]!.length).toBeGreaterThanOrEqual(column - 1)
        }
      }
      const value = compiler.compile(source, 'number')
      if (value.ok) expect(value.evaluate(event)).toBeTypeOf('number')
    }),
    { numRuns: 5_000 },
  )
})
