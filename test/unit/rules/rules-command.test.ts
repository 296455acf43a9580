import { expect, test } from 'vitest'
import { reportText } from '../../../src/cli/rule-tests-text.ts'
import type { RuleTestReport } from '../../../src/rules/rule-tests.ts'
import type { ConditionTrace, RuleTrace } from '../../../src/rules/trace.ts'
import { runPaysentry } from '../../support/processor.ts'
import { folderOf, rulesYaml } from './support.ts'

function leaf(
  source: string,
  holds: boolean,
  read: string,
  value: ConditionTrace['terms'][0]['value'],
): ConditionTrace {
  return { source, joins: null, holds, terms: [{ source: read, value }], parts: [] }
}

const TRACE: RuleTrace = {
  rule: 'burst',
  place: 'rules/a.yaml:4:11',
  action: 'block',
  reason: 'BURST',
  fired: false,
  acts: false,
  condition: {
    source: '',
    joins: 'all',
    holds: false,
    terms: [],
    parts: [
      {
        source: '',
        joins: 'any',
        holds: false,
        terms: [],
        parts: [
          leaf("count(card, '10m') + count(card, '10m', declined) >= 6", false, "count(card, '10m')", 3),
          leaf('score > 0.9', false, 'score', null),
        ],
      },
      leaf("channel == 'pos'", true, 'channel', 'pos'),
    ],
  },
}

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
          traces: [TRACE],
        },
      ],
    },
  ],
  untested: [{ rule: 'quiet', missing: 'fires' }],
  coverage: {
    outcomes: 6,
    seen: 5,
    uncovered: [{ rule: 'burst', place: 'rules/a.yaml:4:31', source: 'score > 0.9', never: 'true' }],
  },
}
const PLAIN = { width: 80, colour: false, hash: 'sha256:0', trace: false, coverage: false }

test('a failed test shows the parts of the condition that made it so', () => {
  expect(reportText(REPORT, PLAIN)).toMatchInlineSnapshot(`
    "rules/a.test.yaml
      PASS    1.2 ms   good
      FAIL    2.0 ms   bad
           rules/a.test.yaml:9:5
           at 10m: burst should have fired
             burst did not fire  (rules/a.yaml:4:11)
               ✗ all of (1 more held)
                 ✗ any of
                   ✗ count(card, '10m') + count(card, '10m', declined) >= 6
                       count(card, '10m') = 3
                   ✗ score > 0.9   score = unknown
    FAIL quiet: no test shows that it fires (name its reason, or its id under
         "fires")
    1 passed, 1 failed, 1 missing, 5 of 6 outcomes of conditions seen (83 %)
    sha256:0
    "
  `)
})

test('the whole trace shows what held too, and the coverage what no test tried', () => {
  expect(reportText(REPORT, { ...PLAIN, width: 60, trace: true, coverage: true })).toMatchInlineSnapshot(`
    "rules/a.test.yaml
      PASS    1.2 ms   good
      FAIL    2.0 ms   bad
           rules/a.test.yaml:9:5
           at 10m: burst should have fired
             burst did not fire  (rules/a.yaml:4:11)
               ✗ all of
                 ✗ any of
                   ✗ count(card, '10m') + count(card, '10m',
                       declined) >= 6   count(card, '10m') = 3
                   ✗ score > 0.9   score = unknown
                 ✓ channel == 'pos'   channel = "pos"
    FAIL quiet: no test shows that it fires (name its reason, or
         its id under "fires")
    burst
      never true: score > 0.9
        rules/a.yaml:4:31
    1 passed, 1 failed, 1 missing, 5 of 6 outcomes of conditions
    seen (83 %)
    sha256:0
    "
  `)
})

test('no line is wider than the terminal, where words allow it', () => {
  for (const width of [60, 80, 120]) {
    const text = reportText(REPORT, { ...PLAIN, width, trace: true, coverage: true })
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width)
  }
})

test('with no tests at all the text says what to do', () => {
  const coverage = { outcomes: 0, seen: 0, uncovered: [] }
  expect(reportText({ passed: false, results: [], untested: [], coverage }, PLAIN)).toMatch(
    /^FAIL there are no tests: put a \*\.test\.yaml beside the rules\n/,
  )
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

test('tests are selected by file and by name, and an empty selection is refused', async () => {
  const dir = folderOf({
    'a.yaml': rulesYaml({}),
    'a.test.yaml': TESTS.replace('ACTION', 'block'),
    'b.test.yaml': TESTS.replace('small and large', 'Another').replace('ACTION', 'review'),
  })
  const run = (...args: string[]) => runPaysentry(['rules', 'test', '--dir', dir, ...args])
  const [all, byFile, byName, noFile, noName] = await Promise.all([
    run(),
    run('b', '--json'),
    run('-t', 'another'),
    run('bb'),
    run('a', '-t', 'another'),
  ])
  expect(all.code).toBe(1)
  expect(all.stdout).toMatch(/1 passed, 1 failed/)
  expect(byFile.code).toBe(0)
  expect(JSON.parse(byFile.stdout)).toMatchObject({ passed: true, results: [{ name: 'Another' }] })
  expect(byName.code).toBe(0)
  expect(byName.stdout).toMatch(/PASS .* Another\n/)
  expect(noFile.code).toBe(2)
  expect(noFile.stderr).toMatch(/holds no tests bb\.test\.yaml\. Did you mean "b"\? There are a, b\./)
  expect(noName.code).toBe(2)
  expect(noName.stderr).toMatch(/no test in a has "another" in its name/)
})
