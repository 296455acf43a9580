// What a folder says besides its rules: reasons, thresholds, and the keys of rules that go with them.
import { expect, test } from 'vitest'
import { load, problemsOf, ruleYaml, rulesYaml } from './support.ts'

const DEFAULT = 'We need to look at this more closely. Please contact us if you have a question.'

test('a customer is told the sentence of the reason, and a neutral one where it has none', () => {
  const reasons = `reasons:
  LARGE_AMOUNT: { meaning: Far more than usual, customer: Please confirm this payment in the app. }
  OTHER: { meaning: Something else }
`
  const { rules } = load({
    'a.yaml': rulesYaml({}, { id: 'other', reason: 'OTHER' }),
    'reasons.yaml': reasons,
  })
  expect(rules.map(({ id, customer }) => [id, customer])).toEqual([
    ['large-amount', 'Please confirm this payment in the app.'],
    ['other', DEFAULT],
  ])
  expect(load({ 'a.yaml': rulesYaml({}) }).rules[0]?.customer).toBe(DEFAULT)
})

test('where reasons are declared, each is declared once and used, and no rule gives another', () => {
  const problems = problemsOf({
    'a.yaml': rulesYaml({ reason: 'LARGE_AMUONT' }, { id: 'b', reason: 'ZEBRA' }),
    'reasons.yaml': 'reasons:\n  LARGE_AMOUNT: { meaning: Far more than usual }\n',
    'twice.yaml': 'reasons:\n  LARGE_AMOUNT: { meaning: Something else }\n',
  })
  expect(problems).toEqual([
    'twice.yaml:2:17 the code LARGE_AMOUNT is declared already, at reasons.yaml:2:17.',
  ])
  const undeclared = problemsOf({
    'a.yaml': rulesYaml({ reason: 'LARGE_AMUONT' }, { id: 'b', reason: 'ZEBRA' }),
    'reasons.yaml': 'reasons:\n  LARGE_AMOUNT: { meaning: Far more than usual }\n',
  })
  expect(undeclared).toEqual([
    'a.yaml:6:13 large-amount: no file declares the reason LARGE_AMUONT. Did you mean "LARGE_AMOUNT"?',
    'a.yaml:11:13 b: no file declares the reason ZEBRA. Say under "reasons:" what it means.',
    'reasons.yaml:2:17 no rule gives the reason LARGE_AMOUNT: remove it, or correct it.',
  ])
})

test('what a customer is told holds no figure', () => {
  const reasons = 'reasons:\n  LARGE_AMOUNT: { meaning: Much, customer: More than 5000 euros }\n'
  expect(problemsOf({ 'a.yaml': rulesYaml({}), 'reasons.yaml': reasons })).toEqual([
    'reasons.yaml:2:44 customer must hold no figure: a customer who knows a threshold can stay below it.',
  ])
})

test('thresholds of the folder judge the sum of weights', () => {
  const weighted = ruleYaml({ weight: '40' }).replace('    action: review\n', '')
  const set = load({
    'a.yaml': `rules:\n${weighted}`,
    'score.yaml': 'thresholds: { review: 30, block: 90 }\n',
  })
  expect(set.thresholds).toEqual({ review: 30, challenge: null, block: 90 })
  expect(set.rules[0]).toMatchObject({ action: null, weight: 40, override: null })
})

test('weights and thresholds need each other, and there are thresholds once', () => {
  expect(problemsOf({ 'a.yaml': rulesYaml({ weight: '5' }) })).toEqual([
    'a.yaml:7:13 large-amount: no file of the folder has thresholds: say from which sum on what is done.',
  ])
  const thresholds = 'thresholds: { review: 30 }\n'
  expect(problemsOf({ 'a.yaml': rulesYaml({}), 's.yaml': thresholds })).toEqual([
    's.yaml:1:13 no rule has a weight: remove the thresholds.',
  ])
  expect(
    problemsOf({ 'a.yaml': rulesYaml({ weight: '5' }), 's.yaml': thresholds, 't.yaml': thresholds }),
  ).toEqual(['t.yaml:1:13 the folder has thresholds already, at s.yaml:1:13.'])
  for (const wrong of ['{}', '{ review: 60, challenge: 30 }', '{ review: 30, block: 30 }']) {
    expect(
      problemsOf({ 'a.yaml': rulesYaml({ weight: '5' }), 's.yaml': `thresholds: ${wrong}\n` }),
    ).toContain(
      's.yaml:1:13 thresholds must name at least one action, and a stricter action must need a larger sum.',
    )
  }
})

test.each([
  [
    { action: 'allow' },
    '5:13 large-amount: action allow needs override, the strictest action that this rule sets aside, such as "override: challenge".',
  ],
  [
    { action: 'allow', override: 'blok' },
    '7:15 large-amount: override must be one of review, challenge, block, and is "blok"; did you mean "block"?',
  ],
  [{ override: 'block' }, '7:15 large-amount: override is for "action: allow"; the action is review.'],
  [
    { action: 'allow', override: 'block', weight: '5' },
    '8:13 large-amount: weight is of no use to "action: allow": leave it out.',
  ],
  [{ weight: '0' }, '7:13 large-amount: weight must not be 0: it would add nothing.'],
  [{ weight: '1.5' }, '7:13 large-amount: weight must be a whole number.'],
] as const)('of action, weight and override, %j does not fit', (fields, problem) => {
  expect(problemsOf({ 'a.yaml': rulesYaml(fields) })).toEqual([`a.yaml:${problem}`])
})

test('a rule without action and weight does nothing', () => {
  const text = `rules:\n${ruleYaml().replace('    action: review\n', '')}`
  expect(problemsOf({ 'a.yaml': text })).toEqual([
    'a.yaml:2:5 large-amount: action is missing: give the rule an action, or a weight that adds to a sum.',
  ])
})
