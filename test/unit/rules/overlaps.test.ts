// Rules that find nothing of their own, and conditions that cannot come out both ways.
import { HORIZONS } from '../../support/horizons.ts'
import { expect, test } from 'vitest'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { folderOf, problemsOf, rulesYaml } from './support.ts'

function warningsOf(...rules: Readonly<Record<string, string>>[]): string[] {
  const dir = folderOf({ 'a.yaml': rulesYaml(...rules) })
  const warnings: string[] = []
  const onWarning = (warning: string) => void warnings.push(warning.replace(`${dir}/`, ''))
  loadRules(dir, { windows: createWindowSet(), horizons: HORIZONS, onWarning })
  return warnings
}

const wide = { id: 'wide', when: 'amount > 100.0', action: 'challenge' }
const narrow = { id: 'narrow', when: 'hour < 6 && 100 < amount', action: 'review' }

test('a second rule with the same condition is warned of, whatever its spelling', () => {
  expect(warningsOf(wide, { ...wide, id: 'again', when: '(100 < amount)', action: 'block' })).toEqual([
    'a.yaml:7:9 again: the condition is that of wide: join them, or tell them apart.',
  ])
})

test('a rule that a stricter and wider one covers is warned of', () => {
  expect(warningsOf(narrow, wide)).toEqual([
    'a.yaml:2:9 narrow: it changes nothing: wide finds every such event already, and asks for challenge.',
  ])
})

test.each([
  ['is stricter', { ...narrow, action: 'block' }, wide],
  ['is covered by one in shadow alone', narrow, { ...wide, mode: 'shadow' }],
  ['makes an exception', { ...narrow, action: 'allow', override: 'challenge' }, wide],
  ['asks for something else', { ...narrow, when: 'amount > 101.0' }, wide],
])('nothing is said about a rule that %s', (_what, first, second) => {
  expect(warningsOf(first, second)).toEqual([])
})

test('a condition that cannot be true is said beside a name that does not exist', () => {
  expect(problemsOf({ 'a.yaml': rulesYaml({ when: 'amuont > 5 && hour > 24' }) })).toEqual([
    'a.yaml:4:11 large-amount: there is no amuont. Did you mean "amount"?',
    'a.yaml:4:25 large-amount: it is never true: hour is from 0 to 23.',
  ])
})

test('a condition that cannot be true is a mistake, in a rule and in a named expression', () => {
  const shared = 'define: { late: hour > 24 }\n'
  expect(problemsOf({ 'a.yaml': rulesYaml({ when: 'late && score > 95' }), 'b.yaml': shared })).toEqual([
    'a.yaml:4:19 large-amount: it is never true: score is from 0 to 1. It is a share and no percentage: did you mean 0.95?',
    'b.yaml:1:17 it is never true: hour is from 0 to 23.',
  ])
})
