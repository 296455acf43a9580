import { expect, test } from 'vitest'
import { reportText } from '../../../src/cli/rules.ts'
import type { RuleTestReport } from '../../../src/rules/rule-tests.ts'
import { runPaysentry } from '../../support/processor.ts'
import { folderOf, rulesYaml } from './support.ts'

const REPORT: RuleTestReport = {
  passed: false,
  results: [
    { name: 'good', location: 'rules/a.test.yaml:2:5', passed: true, durationMs: 1.234, checks: [] },
    {
      name: 'bad',
      location: 'rules/a.test.yaml:9:5',
      passed: false,
      durationMs: 2,
      checks: [
        {
          step: 2,
          at: '10m',
          expected: { fires: ['burst'] },
          action: 'allow',
          reasons: [],
          failures: ['burst should have fired'],
          explanations: [
            {
              rule: 'burst',
              fired: false,
              acts: false,
              conditions: [
                {
                  source: "count(card, '10m') >= 6",
                  holds: false,
                  terms: [{ source: "count(card, '10m')", value: 3 }],
                },
                { source: 'score > 0.9', holds: false, terms: [{ source: 'score', value: null }] },
                { source: "channel == 'pos'", holds: true, terms: [{ source: 'channel', value: 'pos' }] },
              ],
            },
          ],
        },
      ],
    },
  ],
  untested: [{ rule: 'quiet', missing: 'fires' }],
}

test('a failed test shows what each condition of the rule read', () => {
  expect(reportText(REPORT, 'sha256:0')).toMatchInlineSnapshot(`
    "rules/a.test.yaml
      PASS good (1.2 ms)
      FAIL bad (2.0 ms)
           rules/a.test.yaml:9:5
           at 10m: burst should have fired
             burst did not fire
               - count(card, '10m') >= 6   [count(card, '10m') = 3]
               - score > 0.9   [score = unknown]
               + channel == 'pos'   [channel = "pos"]
    FAIL quiet: no test shows that it fires (name its reason, or its id under "fires")
    1 passed, 1 failed, 1 missing, sha256:0
    "
  `)
})

test('with no tests at all the text says what to do', () => {
  expect(reportText({ passed: false, results: [], untested: [] }, 'sha256:0')).toMatchInlineSnapshot(`
    "FAIL there are no tests: put a *.test.yaml beside the rules
    0 passed, 0 failed, 0 missing, sha256:0
    "
  `)
})

const TESTS = `defaults: { payer: { account: account-1 } }
tests:
  - name: small and large
    events:
      - { amount: 100, expect: { silent: [large-amount] } }
      - { amount: 20000, expect: { action: ACTION, reasons: [LARGE_AMOUNT] } }
`

test('a warning is printed, and fails the check when it is strict', async () => {
  const dir = folderOf({
    'a.yaml': rulesYaml({}, { id: 'again', action: 'block' }),
    'a.test.yaml': TESTS.replace('ACTION', 'block').replaceAll('[large-amount]', '[large-amount, again]'),
  })
  const loose = await runPaysentry(['rules', 'check', '--dir', dir])
  expect(loose.code).toBe(0)
  expect(loose.stdout).toMatch(/^WARN .*a\.yaml:7:9 again: the condition is that of large-amount/)
  expect((await runPaysentry(['rules', 'check', '--strict', '--dir', dir])).code).toBe(1)
})

test('the exit code tells passed, failed and unusable apart', async () => {
  const rules = { 'a.yaml': rulesYaml({}) }
  const check = (files: Readonly<Record<string, string>>) =>
    runPaysentry(['rules', 'check', '--json', '--dir', folderOf(files)])
  const passed = await check({ ...rules, 'a.test.yaml': TESTS.replace('ACTION', 'review') })
  expect(passed.code).toBe(0)
  expect(JSON.parse(passed.stdout)).toMatchObject({
    hash: expect.stringMatching(/^sha256:/),
    passed: true,
    results: [{ name: 'small and large', passed: true }],
  })
  const failed = await check({ ...rules, 'a.test.yaml': TESTS.replace('ACTION', 'block') })
  expect(failed.code).toBe(1)
  expect(JSON.parse(failed.stdout)).toMatchObject({ passed: false })
  const unusable = await check({ 'a.yaml': rulesYaml({ when: 'amuont > 5' }) })
  expect(unusable.code).toBe(2)
  expect(unusable.stderr).toMatch(/a\.yaml:4:11 large-amount: there is no amuont\. Did you mean "amount"\?/)
})
