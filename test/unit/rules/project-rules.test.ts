// The rules of this project: all of their tests pass, and what they promise to other programs stays.
import { expect, test } from 'vitest'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { loadRuleTests } from '../../../src/rules/rule-test-file.ts'
import { runRuleTests } from '../../../src/rules/rule-tests.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'

const RATES = { minorPerMajor: 100, toBaseMinor: (amount: number) => amount }

test('every rule of the project is shown to fire and to stay silent', async () => {
  const windows = createWindowSet()
  const rules = loadRules('rules', { windows, horizons: HORIZONS })
  const tests = loadRuleTests('rules', rules, 'EUR')
  const report = await runRuleTests(tests, {
    rules,
    windows,
    rates: RATES,
    horizons: HORIZONS,
    clock: () => 0,
  })
  expect(report.results.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([])
  expect(report.untested).toEqual([])
  expect(report.passed).toBe(true)
})

test('only these rules refuse a payment', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  expect(rules.filter(({ action }) => action === 'block').map(({ id }) => id)).toEqual([
    'card-testing-burst',
    'card-testing-device',
    'known-fraud-device',
    'known-mule',
    'otp-exhausted',
    'takeover-transfer',
  ])
})

test('reason codes are stable: programs depend on them', () => {
  const { rules } = loadRules('rules', { windows: createWindowSet(), horizons: HORIZONS })
  expect([...new Set(rules.map(({ reason }) => reason))].sort()).toMatchInlineSnapshot(`
    [
      "ACCOUNT_TAKEOVER",
      "AMOUNT_ABOVE_HABIT",
      "CARD_TESTING",
      "CASH_ABROAD",
      "COUNTRY_MISMATCH",
      "CREDENTIAL_STUFFING",
      "DECLINES_THEN_APPROVAL",
      "DEVICE_FARM",
      "IP_MANY_ACCOUNTS",
      "KNOWN_FRAUD_DEVICE",
      "KNOWN_MULE",
      "LOGIN_GUESSING",
      "MERCHANT_BURST",
      "MERCHANT_UNDER_TEST",
      "MERCHANT_UNIFORM_CHARGES",
      "MODEL_SCORE",
      "MODEL_SCORE_AND_RISK",
      "MULE_PAYEE",
      "NEW_DEVICE_AFTER_FAILED_LOGINS",
      "NEW_DEVICE_LARGE_AMOUNT",
      "NEW_PAYEE_LARGE_TRANSFER",
      "OTP_EXHAUSTED",
      "OTP_FAILURES",
      "REFUND_ABUSE",
      "REFUND_WITHOUT_PURCHASE",
      "STOLEN_CARD_SPREE",
      "STRIPE_ABROAD",
      "STRUCTURING",
      "TAKEOVER_AFTER_PROFILE_CHANGE",
      "WITHDRAWAL_AFTER_FAILURES",
      "WITHDRAWAL_SPREE",
    ]
  `)
})
