import { expect, test } from 'vitest'
import { compilePattern } from '../../../src/expression/automaton.ts'

function matches(pattern: string, text: string): boolean {
  const compiled = compilePattern(pattern)
  if (!compiled.ok) throw new Error(compiled.message)
  return compiled.matches(text)
}

test('a pattern matches anywhere, unless it is anchored', () => {
  expect(matches('bc', 'abcd')).toBe(true)
  expect(matches('^bc', 'abcd')).toBe(false)
  expect(matches('bc$', 'abcd')).toBe(false)
  expect(matches('^$', '')).toBe(true)
  expect(matches('', 'anything')).toBe(true)
})

test('classes are those of RE2: ASCII digits, words and white space', () => {
  expect(matches('^\\d+$', '٣')).toBe(false)
  expect(matches('\\s', '\u00a0')).toBe(false)
  expect(matches('^[\\w-]+$', 'tok_1-a')).toBe(true)
  expect(matches('^[^\\s]$', ' ')).toBe(false)
  expect(matches('^[]x]$', ']')).toBe(true)
  expect(matches('^[a-]$', '-')).toBe(true)
})

test('(?i) in front ignores the case of ASCII letters', () => {
  expect(matches('(?i)^de[0-9]', 'DE1')).toBe(true)
  expect(matches('(?i)[^a]', 'A')).toBe(false)
})

test('an astral character is one character', () => {
  expect(matches('^.$', '😀')).toBe(true)
  expect(matches('^[😀-😂]$', '😁')).toBe(true)
})

test.each([
  ['(a', 'a group is not closed'],
  ['a)', 'a ) has no ('],
  ['[a', 'a [ is not closed'],
  ['*a', 'nothing stands before "*"'],
  ['a**', 'two repeats in a row'],
  ['^*', 'an anchor cannot be repeated'],
  ['a{3,2}', '{3,2} has its bounds the wrong way round'],
  ['a{200}', 'more than 100 repeats'],
  ['((a{100}){100}){100}', 'its repeats make it too large'],
  ['[z-a]', 'a range in [ ] has its ends the wrong way round'],
  ['(?=a)', 'of groups with "?" only (?:…) is known, and (?i) in front'],
  ['(a)\\1', '\\1 is not known here'],
  ['\\bword', '\\b is not known here'],
  ['a\\', 'it ends with a backslash'],
])('%s is refused: %s', (pattern, message) => {
  expect(compilePattern(pattern)).toEqual({ ok: false, message })
})
