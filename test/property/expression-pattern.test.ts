// Patterns of `matches`: the same answer as JavaScript's regular expressions, in time linear in the text.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePattern } from '../../src/expression/automaton.ts'

const atom = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'c',
    '-',
    '1',
    '.',
    '[ab]',
    '[^a]',
    '[a-c1]',
    '\\d',
    '\\w',
    '\\W',
    '\\.',
    '[\\d.-]',
    '😀',
  ),
  fc.constantFrom('^', '$'),
)
const pattern: (depth: number) => fc.Arbitrary<string> = fc.memo((depth) => {
  if (depth <= 1) return atom
  const smaller = pattern(depth - 1)
  return fc.oneof(
    atom,
    fc.array(smaller, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
    fc.array(smaller, { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join('|')})`),
    fc
      .tuple(smaller, fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?', '+?'))
      .map(([part, quantifier]) => `(?:${part})${quantifier}`),
  )
})
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '-', '1', '.', '_', '😀', '\n'), { maxLength: 8 })
  .map((chars) => chars.join(''))

function matcherOf(source: string): (text: string) => boolean {
  const compiled = compilePattern(source)
  if (!compiled.ok) throw new Error(`${source}: ${compiled.message}`)
  return compiled.matches
}

test('a pattern matches where the regular expression does', () => {
  fc.assert(
    fc.property(pattern(4), fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
      const matches = matcherOf(source)
      const expected = new RegExp(source, 'u')
      for (const item of texts)
        expect(matches(item), `${source} on ${JSON.stringify(item)}`).toBe(expected.test(item))
    }),
    { numRuns: 5_000 },
  )
})

test('patterns that take others exponential time are answered at once', () => {
  const text = `${'a'.repeat(1_024)}!`
  for (const source of ['^(a+)+$', '^(a|aa)+$', '^(a*)*$', '^([a-z]+)*[a-z]+$', '(.*a){20}$']) {
    const matches = matcherOf(source)
    const startedAt = performance.now()
    expect(matches(text)).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  }
})

test('a pattern answers alike however many texts it has seen', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { minLength: 200, maxLength: 400 }),
      (texts) => {
        const matches = matcherOf('[a-f]{2}|^.?\\d|z$')
        const expected = /[a-f]{2}|^.?\d|z$/u
        for (const item of texts)
          if (!/[\r\u2028\u2029]/.test(item)) expect(matches(item)).toBe(expected.test(item))
      },
    ),
    { numRuns: 30 },
  )
})
