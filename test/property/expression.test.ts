// What compiled expressions guarantee for every expression and event: the library's result where it has one, and never an exception.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCompiler } from '../../src/expression/compiler.ts'
import type { ConditionTree } from '../../src/expression/condition-tree.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import { bool, number, view } from '../unit/expression/arbitraries.ts'
import { createOracle } from '../unit/expression/cel-oracle.ts'
import { RETENTION_MS } from '../unit/expression/support.ts'

const RUNS = { numRuns: 3_000 }
const FAILED = Symbol('the library threw')

function setUp() {
  const windows = createWindowSet()
  return {
    compiler: createCompiler({ windows, scope: 'rule', retentionMs: RETENTION_MS }),
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
