import { expect, test } from 'vitest'
import { loadRuleTests } from '../../../src/rules/rule-test-file.ts'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { type RuleTestReport, runRuleTests } from '../../../src/rules/rule-tests.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { folderOf, problemsIn, rulesYaml } from './support.ts'
import { HORIZONS } from '../../support/horizons.ts'

const EUROS = {
  minorPerMajor: 100,
  toBaseMinor: (amount: number, currency: string) => (currency === 'EUR' ? amount : Number.NaN),
}
const BURST = {
  id: 'burst',
  when: "count(card, '10m') >= 3 && amount < 5.0",
  action: 'block',
  reason: 'BURST',
}
const LARGE = { id: 'large-amount' }

function testsYaml(tests: string): string {
  return `defaults: { instrument: { type: card, token: card-1 }, amount: 199 }\ntests:\n${tests}`
}

async function check(tests: string, ...rules: Readonly<Record<string, string>>[]): Promise<RuleTestReport> {
  const dir = folderOf({ 'a.yaml': rulesYaml(...rules), 'a.test.yaml': testsYaml(tests) })
  const windows = createWindowSet()
  const ruleSet = loadRules(dir, { windows, horizons: HORIZONS })
  const options = { rules: ruleSet, windows, rates: EUROS, horizons: HORIZONS, clock: () => 0 }
  return runRuleTests(loadRuleTests(dir, ruleSet, 'EUR'), options)
}

function testProblems(tests: string): string[] {
  const dir = folderOf({ 'a.yaml': rulesYaml(BURST, LARGE), 'a.test.yaml': testsYaml(tests) })
  const rules = loadRules(dir, { windows: createWindowSet(), horizons: HORIZONS })
  return problemsIn(dir, () => loadRuleTests(dir, rules, 'EUR'))
}

test('events are repeated on the virtual clock, and each expectation is met after its event', async () => {
  const report = await check(
    `  - name: the third fires
    events:
      - { repeat: 2, every: 30s, expect: { action: allow, silent: [burst] } }
      - { after: 30s, expect: { action: block, reasons: [BURST], fires: [burst] } }
  - name: an hour apart none does
    events:
      - { repeat: 5, every: 1h }
    expect: { action: allow, silent: [burst] }
`,
    BURST,
  )
  expect(report.passed).toBe(true)
  expect(report.untested).toEqual([])
  expect(
    report.results.map(({ name, passed, checks }) => [name, passed, checks.map(({ at }) => at)]),
  ).toEqual([
    ['the third fires', true, ['30s', '1m']],
    ['an hour apart none does', true, ['4h']],
  ])
})

test('a failed expectation says what happened, with what each condition read', async () => {
  const report = await check(
    `  - name: the second should fire
    events:
      - { repeat: 2, every: 30s }
    expect: { action: block, reasons: [BURST], fires: [burst] }
`,
    BURST,
  )
  expect(report.passed).toBe(false)
  const [result] = report.results
  expect(result).toMatchObject({ passed: false, location: expect.stringMatching(/a\.test\.yaml:3:5$/) })
  expect(result?.checks).toEqual([
    {
      step: 1,
      at: '30s',
      expected: { action: 'block', reasons: ['BURST'], fires: ['burst'] },
      action: 'allow',
      reasons: [],
      failures: [
        'expected block, the action is allow',
        'expected the reasons [BURST], they are []',
        'burst should have fired',
      ],
      traces: [
        {
          rule: 'burst',
          place: expect.stringMatching(/a\.yaml:4:11$/),
          action: 'block',
          reason: 'BURST',
          fired: false,
          acts: false,
          condition: {
            source: BURST.when,
            joins: 'all',
            holds: false,
            terms: [],
            parts: [
              {
                source: "count(card, '10m') >= 3",
                joins: null,
                holds: false,
                terms: [{ source: "count(card, '10m')", value: 2 }],
                parts: [],
              },
              {
                source: 'amount < 5.0',
                joins: null,
                holds: true,
                terms: [{ source: 'amount', value: 1.99 }],
                parts: [],
              },
            ],
          },
        },
      ],
    },
  ])
})

test('a rule that fires where it must not is a failure', async () => {
  const report = await check(
    `  - name: too much
    events:
      - { amount: 20000, expect: { silent: [large-amount] } }
`,
    LARGE,
  )
  expect(report.results[0]?.checks[0]?.failures).toEqual(['large-amount should not have fired'])
})

test('the strictest acting rule decides, and rules in shadow do not', async () => {
  const report = await check(
    `  - name: both fire
    events:
      - { amount: 20000, expect: { action: review, reasons: [LARGE_AMOUNT], fires: [large-amount, quiet] } }
      - { after: 1m, amount: 1, expect: { silent: [large-amount, quiet] } }
`,
    LARGE,
    { id: 'quiet', action: 'block', mode: 'shadow', reason: 'QUIET' },
  )
  expect(report.passed).toBe(true)
})

test('a rule without a test that fires it, or without one that does not, is an error', async () => {
  const report = await check(
    `  - name: only the burst is tested, one way
    events:
      - { repeat: 3, every: 1s }
    expect: { reasons: [BURST] }
`,
    BURST,
    LARGE,
  )
  expect(report.results.every(({ passed }) => passed)).toBe(true)
  expect(report.untested).toEqual([
    { rule: 'burst', missing: 'silent' },
    { rule: 'large-amount', missing: 'fires' },
    { rule: 'large-amount', missing: 'silent' },
  ])
  expect(report.passed).toBe(false)
})

test('without any test nothing has passed', async () => {
  const dir = folderOf({ 'a.yaml': rulesYaml(LARGE) })
  const windows = createWindowSet()
  const rules = loadRules(dir, { windows, horizons: HORIZONS })
  const report = await runRuleTests(loadRuleTests(dir, rules, 'EUR'), {
    rules,
    windows,
    rates: EUROS,
    horizons: HORIZONS,
    clock: () => 0,
  })
  expect(report).toMatchObject({ results: [], passed: false })
})

test('tests do not share journals', async () => {
  const one = `  - name: two payments
    events:
      - { repeat: 2, every: 1s }
    expect: { silent: [burst] }
`
  const report = await check(one + one, BURST)
  expect(report.results.map(({ passed }) => passed)).toEqual([true, true])
})

test('{n} in a text is the number of the repetition, and null takes a default away', async () => {
  const report = await check(
    `  - name: three cards on one device
    events:
      - { repeat: 3, every: 1s, instrument: { token: 'card-{n}' }, device: { id: phone } }
    expect: { fires: [many-cards] }
  - name: without a device
    events:
      - { repeat: 3, every: 1s, instrument: { token: 'card-{n}' }, device: null }
    expect: { silent: [many-cards] }
`,
    { id: 'many-cards', when: "distinct(device, card, '1h') >= 3", reason: 'MANY_CARDS' },
  )
  expect(report.passed).toBe(true)
})

test('the score is what the test says, and unknown otherwise', async () => {
  const report = await check(
    `  - name: scores
    events:
      - { score: 0.9995, expect: { action: review, reasons: [SCORE] } }
      - { score: 0.5, expect: { silent: [score] } }
      - { expect: { silent: [score] } }
`,
    { id: 'score', when: 'score >= 0.999', reason: 'SCORE' },
  )
  expect(report.passed).toBe(true)
})

test('labels are journaled for the event that they are about', async () => {
  const report = await check(
    `  - name: fraud on the card
    events:
      - {}
      - { after: 1h, instrument: { token: other } }
      - { after: 1h, label: fraud, of: event-1 }
      - { after: 1h, expect: { fires: [known-fraud] } }
      - { after: 1h, instrument: { token: other }, expect: { silent: [known-fraud] } }
`,
    { id: 'known-fraud', when: "count(card, '30d', fraud) >= 1", reason: 'KNOWN_FRAUD' },
  )
  expect(report.passed).toBe(true)
})

test('a currency without a rate has no amount', async () => {
  const report = await check(
    `  - name: foreign money
    events:
      - { amount: 900000, currency: USD, expect: { action: allow, silent: [large-amount] } }
      - { amount: 900000, expect: { reasons: [LARGE_AMOUNT] } }
`,
    LARGE,
  )
  expect(report.passed).toBe(true)
})

test('everything that is wrong with test files is said at once', () => {
  expect(
    testProblems(`  - name: wrong in many ways
    events:
      - { at: soon, repeat: 0 }
      - { amuont: 5, instrument: { tokn: x } }
      - { type: tranfer, amount: -1, expect: { actoin: block } }
    expect: { reasons: [BRUST], silent: [brust] }
  - name: expects nothing
    events: [{}]
  - events: []
`),
  ).toEqual([
    'a.test.yaml:5:15 "wrong in many ways": at must be a length of time, such as 90s, 10m or 2h30m, and is "soon".',
    'a.test.yaml:5:29 "wrong in many ways": repeat must be from 1 to 10000.',
    'a.test.yaml:7:46 "wrong in many ways": expect has nothing: give action, reasons, fires or silent.',
    'a.test.yaml:7:48 "wrong in many ways": "actoin" is no key here. Did you mean "action"?',
    'a.test.yaml:11:5 test 3: name is missing.',
    'a.test.yaml:11:13 test 3: events holds no event.',
  ])
})

test('everything that is wrong with the events and names of a test is said at once', () => {
  expect(
    testProblems(`  - name: wrong in many ways
    events:
      - { repeat: 3, amuont: 5, instrument: { tokn: x } }
      - { type: tranfer, amount: -1 }
      - { label: fraud, of: event-9, expect: { action: allow } }
    expect: { reasons: [BRUST], silent: [brust] }
  - name: expects nothing
    events: [{}]
`),
  ).toEqual([
    'a.test.yaml:5:9 "wrong in many ways": instrument.tokn is no field of an event; did you mean "instrument.token"?',
    'a.test.yaml:5:9 "wrong in many ways": amuont is no field of an event; did you mean "amount"?',
    'a.test.yaml:6:9 "wrong in many ways": type: must be one of authorisation, transfer, withdrawal, refund, reversal, login, otp, profile_change, payee_added; did you mean "transfer"?',
    'a.test.yaml:6:9 "wrong in many ways": amount: must not be negative; a refund is an event of type "refund" with a positive amount.',
    'a.test.yaml:7:9 "wrong in many ways": the label is for event-9, which there is not.',
    'a.test.yaml:7:46 "wrong in many ways": nothing is decided about a label: expect something of an event.',
    'a.test.yaml:8:13 "wrong in many ways": nothing is decided about a label: expect something of an event.',
    'a.test.yaml:8:25 "wrong in many ways": there is no rule with the reason BRUST. Did you mean "BURST"?',
    'a.test.yaml:8:42 "wrong in many ways": there is no rule brust. Did you mean "burst"?',
    'a.test.yaml:9:5 "expects nothing": expects nothing: give the test or one of its events "expect:".',
  ])
})

test('what no test made true or false is reported with its place, as far as it was evaluated', async () => {
  const { coverage } = await check(
    `  - name: one way only
    events:
      - { amount: 199, channel: pos }
      - { amount: 20000, channel: pos }
    expect: { fires: [either] }
`,
    {
      id: 'either',
      when: "amount > 100.0 && (channel == 'pos' || score > 0.9) && !(currency == 'USD' || hour > 20)",
    },
  )
  expect(coverage.outcomes).toBe(10)
  expect(coverage.seen).toBe(5)
  expect(
    coverage.uncovered.map(({ rule, place, source, never }) => [
      rule,
      place.replace(/^.*\//, ''),
      source,
      never,
    ]),
  ).toEqual([
    ['either', 'a.yaml:4:30', "channel == 'pos'", 'false'],
    ['either', 'a.yaml:4:50', 'score > 0.9', 'true'],
    ['either', 'a.yaml:4:50', 'score > 0.9', 'false'],
    ['either', 'a.yaml:4:68', "currency == 'USD'", 'true'],
    ['either', 'a.yaml:4:89', 'hour > 20', 'true'],
  ])
})
