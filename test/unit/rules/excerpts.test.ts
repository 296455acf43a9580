// The line that a problem is about, and the caret under its place.
import { HORIZONS } from '../../support/horizons.ts'
import { expect, test } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { folderOf, rulesYaml } from './support.ts'

/** What a person reads below each problem. */
function excerptsOf(when: string): string[] {
  const dir = folderOf({ 'a.yaml': rulesYaml({ when }) })
  try {
    loadRules(dir, { windows: createWindowSet(), horizons: HORIZONS })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.problems.map((problem) => problem.split('\n').slice(1).join('\n'))
  }
  return []
}

test('a caret stands under the place of every problem', () => {
  expect(excerptsOf("amuont > 5 && count(crad, '1h') > 1")).toEqual([
    "      when: amuont > 5 && count(crad, '1h') > 1\n            ^",
    "      when: amuont > 5 && count(crad, '1h') > 1\n                                ^",
  ])
})

test('the caret stands behind an expression that ends too early', () => {
  expect(excerptsOf('amount >')).toEqual(['      when: amount >\n                    ^'])
})

test('of an expression over several lines, the line of the problem is shown', () => {
  expect(excerptsOf('>-\n      amount > 1.0\n      && nope > 5')).toEqual([
    '        && nope > 5\n           ^',
  ])
})

test('a long line is cut around the place', () => {
  const [excerpt = ''] = excerptsOf(
    `${'amount > 1.0 && '.repeat(20)}nope > 5${' && amount > 1.0'.repeat(20)}`,
  )
  const [line = '', caret = ''] = excerpt.split('\n')
  expect(line.length).toBeLessThan(110)
  expect(line.slice(caret.indexOf('^'))).toMatch(/^nope > 5/)
})

test('a caret stays below its place behind a tab', () => {
  const [excerpt = ''] = excerptsOf("'amount > 1.0\t&& nope > 5'")
  const [line = '', caret = ''] = excerpt.split('\n')
  expect(caret.indexOf('^')).toBe(line.indexOf('nope'))
  expect(caret.indexOf('\t')).toBe(line.indexOf('\t'))
})
