import { expect, it } from 'vitest'
import { parseRuleFile } from '../../../src/rules/rule-file.ts'
import { ruleSetHash } from '../../../src/rules/rule-set.ts'

const fileWith = (breaker: string) =>
  parseRuleFile(
    'a.yaml',
    `rules:
  - id: a
    description: d
    when: amount > 1.0
    action: block
    reason: A
${breaker === '' ? '' : `    breaker: ${breaker}\n`}`,
  )

it('a rule says what the breaker lets it do', () => {
  const [rule] = fileWith('{ share: 2%, over: 10m, least: 200 }').definitions
  expect(rule?.breaker).toEqual({ share: 0.02, windowMs: 600_000, leastEvents: 200 })
  expect(fileWith('{ share: 0.5% }').definitions[0]?.breaker).toEqual({ share: 0.005 })
  expect(fileWith('').definitions[0]).not.toHaveProperty('breaker')
})

it('what a rule says of the breaker is a part of what the rule set says', () => {
  const hashes = ['', '{ share: 2% }', '{ share: 3% }'].map((text) => ruleSetHash(fileWith(text).definitions))
  expect(new Set(hashes).size).toBe(3)
})

it.each([
  ['{ share: 2 }', /share must be a percentage/],
  ['{ share: 0% }', /above 0 % to 100 %/],
  ['{ share: 101% }', /above 0 % to 100 %/],
  ['{ over: 2h }', /over must be a length of time from 1s to 1h/],
  ['{ least: 0 }', /least must be at least 1/],
  ['{ shares: 2% }', /"shares" is no key here/],
])('what is wrong with it is reported: %s', (breaker, problem) => {
  expect(fileWith(breaker).problems().join('\n')).toMatch(problem)
})
