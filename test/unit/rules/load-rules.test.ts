import { expect, test } from 'vitest'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { viewOf } from '../expression/support.ts'
import { folderOf, load, problemsIn, problemsOf, ruleYaml, rulesYaml } from './support.ts'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { HORIZONS } from '../../support/horizons.ts'

test('rules of all files of a folder are loaded, tests beside them are not', () => {
  const rules = load({
    'a.yaml': rulesYaml({ id: 'first' }),
    'b.yml': rulesYaml({ id: 'second', mode: 'canary\n    percent: 2.5' }),
    'a.test.yaml': 'this is no rule file',
    'notes.txt': 'nor is this',
  })
  expect(rules.rules.map(({ id, mode, percent }) => [id, mode, percent])).toEqual([
    ['first', 'live', null],
    ['second', 'canary', 2.5],
  ])
  expect(rules.size).toBe(2)
  expect(rules.evaluate(viewOf({ amount: 101 }), 1).map(({ id }) => id)).toEqual(['first', 'second'])
  expect(rules.evaluate(viewOf({ amount: 99 }), 1)).toEqual([])
})

test('the windows of all rules are registered once', () => {
  const windows = createWindowSet()
  load(
    {
      'a.yaml': rulesYaml(
        { id: 'a', when: "count(card, '1h') > 5" },
        { id: 'b', when: "count(card, '60m') > 9" },
      ),
    },
    windows,
  )
  expect(windows.specs).toHaveLength(1)
})

test('the hash does not depend on comments, the order of keys and rules, files and spelled-out defaults', () => {
  const { hash } = load({ 'a.yaml': rulesYaml({ id: 'a' }, { id: 'b' }) })
  expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(
    load({ 'z.yaml': rulesYaml({ id: 'a' }), 'y.yaml': `# why\n${rulesYaml({ id: 'b', mode: 'live' })}` })
      .hash,
  ).toBe(hash)
  const shuffled = `rules:
  - { reason: LARGE_AMOUNT, when: "amount > 100.0", id: b, action: review, description: 'A large amount' }
  - action: review
    when: |
      amount > 100.0
    id: a
    description: >-
      A large
      amount
    reason: LARGE_AMOUNT
`
  expect(load({ 'a.yaml': shuffled }).hash).toBe(hash)
  expect(load({ 'a.yaml': rulesYaml({ id: 'a' }, { id: 'b', action: 'block' }) }).hash).not.toBe(hash)
})

test('every problem of every file is said, at its line and with its rule', () => {
  const problems = problemsOf({
    'a.yaml': `rules:
  - id: card-testing-burst
    desciption: Many small payments
    when: count(crad, '10m') >= 6 && sum(card, '10y') < 50.0
    action: blok
    reason: CARD_TESTING
    mode: canary
  - 5
`,
    'b.yaml': 'rules:\n  - id: x\n id: y\n',
    'c.yaml': rulesYaml({ id: 'Large Amount', reason: 'large', mode: 'live\n    percent: 3', action: '' }),
    'd.yaml': 'rulez: []\n',
    'e.yaml': 'rules: []\n',
    'f.yaml': '',
  })
  expect(problems).toEqual([
    'a.yaml:2:5 card-testing-burst: description is missing.',
    'a.yaml:3:5 card-testing-burst: "desciption" is no key here. Did you mean "description"?',
    'a.yaml:4:17 card-testing-burst: "crad" is not an entity. Did you mean "card"?',
    "a.yaml:4:48 card-testing-burst: '10y' is no length of time: write a whole number and a unit (ms, s, m, h, d, w), such as '90s', '10m', '24h' or '30d'.",
    'a.yaml:5:13 card-testing-burst: action must be one of allow, review, challenge, block, and is "blok"; did you mean "block"?',
    'a.yaml:8:5 rule 2: must be a rule: id, description, when, action, reason.',
    'b.yaml:3:1 this is not YAML: All mapping items must start at the same column.',
    'c.yaml:2:9 Large Amount: id must be words in small letters with hyphens, such as card-testing-burst, and is "Large Amount".',
    'c.yaml:5:13 Large Amount: action must be one of allow, review, challenge, block.',
    'c.yaml:6:13 Large Amount: reason must be words in capitals with underscores, such as CARD_TESTING, and is "large".',
    'd.yaml:1:1 "rulez" is no key here. Did you mean "rules"?',
    'd.yaml:1:1 must hold "rules:" and a list of rules.',
    'e.yaml:1:8 rules holds no rule.',
    'f.yaml:1:1 must hold "rules:" and a list of rules.',
  ])
})

test('percent and canary belong together', () => {
  expect(problemsOf({ 'a.yaml': rulesYaml({ mode: 'canary' }) })).toEqual([
    'a.yaml:7:11 large-amount: mode canary needs percent, such as "percent: 5".',
  ])
  expect(problemsOf({ 'a.yaml': rulesYaml({ percent: '5' }) })).toEqual([
    'a.yaml:7:14 large-amount: percent is for "mode: canary"; the mode is live.',
  ])
  expect(problemsOf({ 'a.yaml': rulesYaml({ mode: 'canary', percent: '0' }) })).toEqual([
    'a.yaml:8:14 large-amount: percent must be above 0.',
  ])
})

test('an id is used once in all files, and the other place is named', () => {
  expect(problemsOf({ 'a.yaml': rulesYaml({}), 'b.yaml': rulesYaml({ id: 'other' }, {}) })).toEqual([
    'b.yaml:7:9 large-amount: the id is used already, at a.yaml:2:9.',
  ])
})

test('a folder without rules, and one that is not there, is no rule set', () => {
  expect(problemsOf({ 'notes.txt': '' })).toEqual([
    'The rule files are not usable: the folder <dir> holds no rule file (*.yaml)',
  ])
  const load = () => loadRules('/nowhere/rules', { windows: createWindowSet(), horizons: HORIZONS })
  expect(problemsIn('-', load)).toEqual([
    'The rule files are not usable: the folder /nowhere/rules cannot be read; the setting rules.dir names it',
  ])
})

test.each([
  ['plain', `    when: amount > 1.0 && nope > 5\n`, '4:27'],
  ['double quotes', `    when: "amount > 1.0 && nope > 5"\n`, '4:28'],
  ['single quotes', `    when: 'type == ''login'' && nope > 5'\n`, '4:33'],
  ['plain over two lines', `    when: amount > 1.0\n      && nope > 5\n`, '5:10'],
  ['folded block', `    when: >-\n      amount > 1.0\n      && nope > 5\n`, '6:10'],
  ['literal block', `    when: |\n      amount > 1.0\n        && nope > 5\n`, '6:12'],
  ['literal block after a blank line', `    when: |\n\n      amount > 1.0 &&\n\n      nope > 5\n`, '8:7'],
  ['folded block that begins with the problem', `    when: >\n      nope > 5\n`, '5:7'],
])('a problem in an expression is found in its line and column: %s', (_, when, place) => {
  const text = `rules:\n  - id: a\n    description: b\n${when}    action: review\n    reason: A\n`
  expect(problemsOf({ 'a.yaml': text })).toEqual([`a.yaml:${place} a: there is no nope.`])
})

test('anchors and other YAML that people use is understood', () => {
  const text = `rules:\n  - &first\n    id: a\n    description: &text Shared\n    when: amount > 1.0\n    action: review\n    reason: A\n${ruleYaml({ id: 'b', description: '*text' })}`
  expect(load({ 'a.yaml': text }).rules.map(({ description }) => description)).toEqual(['Shared', 'Shared'])
  expect(folderOf({})).toBeTypeOf('string')
})

test('a rule may say where its threshold comes from and what to do, and neither changes the hash', () => {
  const plain = load({ 'a.yaml': rulesYaml({}) })
  const told = load({ 'a.yaml': rulesYaml({ source: 'Judgement', runbook: 'docs/page.md#part' }) })
  expect(told.rules[0]).toMatchObject({ source: 'Judgement', runbook: 'docs/page.md#part' })
  expect(plain.rules[0]).toMatchObject({ source: null, runbook: null })
  expect(told.hash).toBe(plain.hash)
  expect(problemsOf({ 'a.yaml': rulesYaml({ runbook: 'ask Ann' }) })).toEqual([
    'a.yaml:7:14 large-amount: runbook must be a link to a page, such as docs/rule-runbooks.md#transfers.',
  ])
})
