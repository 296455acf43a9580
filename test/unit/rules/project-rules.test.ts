// The rules of this project: all of their tests pass, and what they promise to other programs stays.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { configSchema } from '../../../src/config.ts'
import { createJournalsPolicy } from '../../../src/degrade.ts'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { DEFAULT_CUSTOMER_TEXT } from '../../../src/rules/rule-set.ts'
import { loadRuleTests } from '../../../src/rules/rule-test-file.ts'
import { createTestLists } from '../../../src/rules/test-lists.ts'
import { runRuleTests } from '../../../src/rules/rule-tests.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { batchEventOf, batchOf } from '../../support/batches.ts'
import { HORIZONS } from '../../support/horizons.ts'

const RATES = { minorPerMajor: 100, toBaseMinor: (amount: number) => amount }

test('every rule of the project is shown to fire and to stay silent, and every part of it to be true and false', async () => {
  const windows = createWindowSet()
  const lists = createTestLists()
  const rules = loadRules('rules', { windows, horizons: HORIZONS, hasEntry: lists.has })
  const tests = loadRuleTests('rules', rules, 'EUR')
  const report = await runRuleTests(tests, {
    rules,
    lists,
    windows,
    rates: RATES,
    horizons: HORIZONS,
    clock: () => 0,
  })
  expect(report.results.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([])
  expect(report.untested).toEqual([])
  expect(report.coverage.uncovered).toEqual([])
  expect(report.passed).toBe(true)
})

test('only these rules refuse a payment', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  expect(rules.filter(({ action }) => action === 'block').map(({ id }) => id)).toEqual([
    'card-testing-burst',
    'card-testing-device',
    'known-fraud-device',
    'known-mule',
    'listed-mule',
    'otp-exhausted',
    'takeover-transfer',
  ])
})

test('reason codes are stable: programs depend on them', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  expect([...new Set(rules.map(({ reason }) => reason))].sort()).toMatchInlineSnapshot(`
    [
      "ACCOUNT_MANY_DEVICES",
      "ACCOUNT_MANY_PAYEES",
      "ACCOUNT_TAKEOVER",
      "AMOUNT_ABOVE_HABIT",
      "CARD_MANY_MERCHANTS",
      "CARD_TESTING",
      "CASH_ABROAD",
      "CASH_REPORT",
      "COUNTRY_MISMATCH",
      "CREDENTIAL_STUFFING",
      "CUSTOMER_MANY_CARDS",
      "DECLINES_THEN_APPROVAL",
      "DEVICE_FARM",
      "DISPUTED_CARD_STILL_USED",
      "IMPOSSIBLE_TRAVEL",
      "IP_MANY_ACCOUNTS",
      "KNOWN_FRAUD_DEVICE",
      "KNOWN_MULE",
      "LISTED_MULE",
      "LOGIN_GUESSING",
      "MERCHANT_BURST",
      "MERCHANT_FRAUD_RATE",
      "MERCHANT_UNDER_TEST",
      "MERCHANT_UNIFORM_CHARGES",
      "MODEL_SCORE",
      "MODEL_SCORE_AND_RISK",
      "MULE_PAYEE",
      "NEW_DEVICE_AFTER_FAILED_LOGINS",
      "NEW_DEVICE_LARGE_AMOUNT",
      "NEW_PAYEE_LARGE_TRANSFER",
      "OCCASIONAL_LARGE_TRANSFER",
      "OTP_EXHAUSTED",
      "OTP_FAILURES",
      "REFUND_ABUSE",
      "REFUND_AND_DISPUTE",
      "REFUND_WITHOUT_PURCHASE",
      "REPEATED_DISPUTES",
      "STOLEN_CARD_SPREE",
      "STRIPE_ABROAD",
      "STRUCTURING",
      "TAKEOVER_AFTER_PROFILE_CHANGE",
      "TRANSFER_WITHOUT_PAYEE",
      "TRUSTED_ACCOUNT",
      "WITHDRAWAL_AFTER_FAILURES",
      "WITHDRAWAL_SPREE",
    ]
  `)
})

test('every reason has a text for the analyst, and one of its own that tells a thief nothing', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  const policy = createJournalsPolicy({ ...configSchema.shape.degrade.parse({}) })(
    batchOf([batchEventOf({})]),
  )
  const fromPolicies = policy.events[0]!.fired.map(({ reason, text, customer }) => ({
    reason,
    description: text,
    customer,
  }))
  expect(fromPolicies.map(({ reason }) => reason)).toEqual(['JOURNALS_UNAVAILABLE'])
  for (const { reason, description, customer } of [...rules, ...fromPolicies]) {
    expect(description, reason).toMatch(/^[A-Z].{20}/)
    expect(customer, reason).not.toBe(DEFAULT_CUSTOMER_TEXT)
    expect(customer, reason).toMatch(/^[A-Z][^0-9]{15,200}\.$/)
    expect(customer, reason).not.toMatch(/fraud|suspic|launder|mule|report|rule|score|model|threshold/i)
  }
})

test('nobody is told that a report is considered', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  const legal = ['CASH_REPORT', 'OCCASIONAL_LARGE_TRANSFER', 'STRUCTURING', 'TRANSFER_WITHOUT_PAYEE']
  const told = rules.filter(({ reason }) => legal.includes(reason)).map(({ customer }) => customer)
  expect(told).toHaveLength(legal.length)
  expect(new Set(told)).toEqual(
    new Set(['We are still working on this. Please contact us if you have a question.']),
  )
})

test('every rule says where its threshold comes from, and links to a section that exists', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  expect(rules.length).toBeGreaterThanOrEqual(40)
  for (const { id, source, runbook } of rules) {
    expect(source, id).toMatch(/^\S.*\.$/)
    const [page = '', section = ''] = (runbook ?? '').split('#')
    expect(readFileSync(page, 'utf8'), `${id}: ${runbook}`).toMatch(new RegExp(`^## ${section}$`, 'm'))
  }
})

test('a rule about what must be reported names the regulation', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  const legal = rules.filter(
    ({ runbook, id }) => runbook?.endsWith('#reporting') === true || id === 'structuring',
  )
  expect(legal.map(({ id }) => id)).toEqual([
    'cash-over-10000',
    'occasional-large-transfer',
    'structuring',
    'transfer-without-payee',
  ])
  for (const { id, source, action } of legal) {
    expect(source, id).toMatch(/\d+ CFR \d+\.\d+|Regulation \(EU\) \d{4}\/\d+, article/)
    expect(action, id).toBe('review')
  }
})
