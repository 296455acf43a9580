// Named expressions, groups and lists that the rules of a folder share.
import { HORIZONS } from '../../support/horizons.ts'
import { expect, test } from 'vitest'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { viewOf } from '../expression/support.ts'
import { folderOf, load, problemsOf, rulesYaml } from './support.ts'

test('a named expression is shared by all files, and stands for what it says', () => {
  const rules = load({
    'a.yaml': rulesYaml({ id: 'a', when: 'is_large && is_remote' }, { id: 'b', when: '"!is_remote"' }),
    'shared.yaml': `define:
  is_large: amount > limit
  is_remote: channel in ['ecommerce', 'app']
  limit: 'amount_minor > 0 ? 100.0 : 50.0'
`,
  })
  const fires = (amount: number, channel: 'app' | 'pos') =>
    rules.evaluate(viewOf({ amount, event: { channel } }), 1).map(({ id }) => id)
  expect(fires(101, 'app')).toEqual(['a'])
  expect(fires(99, 'app')).toEqual([])
  expect(fires(101, 'pos')).toEqual(['b'])
})

test('the windows of named expressions are those of the rules', () => {
  const windows = createWindowSet()
  const shared = "define:\n  burst: count(card, '1h') > 5\n"
  load({ 'a.yaml': rulesYaml({ when: "burst || count(card, '60m') > 9" }), 'b.yaml': shared }, windows)
  expect(windows.specs).toHaveLength(1)
})

test('what is wrong with named expressions is said at its place', () => {
  const rule = rulesYaml({ when: 'a && amuont > 1.0 && is_smal' })
  const define = `define:
  a: b && amount > 1.0
  b: c || true
  c: a
  amount: hour > 5
  is_small: amount <
  Large: 'true'
  loose: attributes['x']
`
  expect(problemsOf({ 'a.yaml': rule, 'b.yaml': define })).toEqual([
    'a.yaml:4:16 large-amount: there is no amuont. Did you mean "amount"?',
    'a.yaml:4:32 large-amount: there is no is_smal. Did you mean "is_small"?',
    'b.yaml:2:6 the expression needs itself: a → b → c → a.',
    'b.yaml:5:11 amount is a field of the event already: choose another name.',
    'b.yaml:6:21 Unexpected token: EOF.',
    'b.yaml:7:11 "Large" is no name for an expression: write words in small letters with underscores, such as is_remote.',
    'b.yaml:8:10 the type of an attribute is not known: compare it, or write double(…) around it.',
  ])
})

test('a mistake in one place of a file does not make its names unknown', () => {
  const rule = rulesYaml({ when: 'a || b', action: 'blok' })
  expect(problemsOf({ 'a.yaml': `${rule}define: { a: 'true', b: 'amount >' }\n` })).toEqual([
    'a.yaml:5:13 large-amount: action must be one of allow, review, challenge, block, and is "blok"; did you mean "block"?',
    'a.yaml:7:34 Unexpected token: EOF.',
  ])
})

test('what nobody uses, and what is named twice or like something else, is a mistake', () => {
  const unused = `define:
  a: b
  b: 'true'
groups:
  near: [AT, CH]
lists:
  - { name: mules, holds: account, description: Accounts of mules }
`
  expect(problemsOf({ 'a.yaml': rulesYaml({}), 'b.yaml': unused })).toEqual([
    'b.yaml:2:6 no rule uses the named expression a: remove it, or correct its name.',
    'b.yaml:3:7 no rule uses the named expression b: remove it, or correct its name.',
    'b.yaml:5:9 no rule uses the group near: remove it, or correct its name.',
    'b.yaml:7:13 no rule uses the list mules: remove it, or correct its name.',
  ])
  const twice = "define: { a: 'true' }\ngroups: { gambling: ['1'], x: ['42-4'] }\n"
  const rule = rulesYaml({ when: "a && payee.mcc in group('x')" })
  expect(problemsOf({ 'a.yaml': rule, 'b.yaml': twice, 'c.yaml': "define: { a: 'false' }\n" })).toEqual([
    'b.yaml:2:21 the group gambling is built in: choose another name.',
    'b.yaml:2:33 the ends of the range 42-4 must have the same number of digits.',
    'c.yaml:1:15 the name a is given already, at b.yaml:1:14.',
  ])
})

test('a list is asked for through what the processor hands in, and empty without it', () => {
  const files = {
    'a.yaml': rulesYaml({ when: "payer.account in list('mules')" }),
    'lists.yaml': 'lists:\n  - { name: mules, holds: account, description: Accounts of mules }\n',
  }
  const view = viewOf({ event: { payer: { account: 'acc-1' } } })
  expect(load(files).evaluate(view, 1)).toEqual([])
  const asked: unknown[] = []
  const hasEntry = (...question: unknown[]) => asked.push(question) > 0
  const options = { windows: createWindowSet(), horizons: HORIZONS, hasEntry }
  expect(loadRules(folderOf(files), options).evaluate(view, 1)).toHaveLength(1)
  expect(asked).toEqual([['mules', 'acc-1', view.timeMs]])
})

test('the hash counts what names stand for, and not where or in which order they are given', () => {
  const rule = rulesYaml({ when: "a && b && payee.country in group('near')" })
  const hashOf = (shared: string) => load({ 'a.yaml': rule, 'b.yaml': shared }).hash
  const hash = hashOf("define: { a: 'true', b: 'false' }\ngroups: { near: [AT, CH] }\n")
  expect(hashOf("groups: { near: [CH, AT] }\ndefine: { b: 'false', a: 'true' }\n")).toBe(hash)
  expect(hashOf("define: { a: 'true', b: 'true' }\ngroups: { near: [AT, CH] }\n")).not.toBe(hash)
  expect(hashOf("define: { a: 'true', b: 'false' }\ngroups: { near: [AT, DE] }\n")).not.toBe(hash)
})
