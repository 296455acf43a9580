import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { CURRENCIES, currencyExponent } from '../../../src/payment/currency.ts'
import { loadRates, parseRates } from '../../../src/payment/rates.ts'

const HEAD = 'version: v1\ndate: 2026-03-01\nbase: EUR\n'

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError && error.code === 'RATES_INVALID') return error.problems
    throw error
  }
  throw new Error('the rates were taken')
}

describe('currencies', () => {
  test('have the exponents of ISO 4217', () => {
    const exponents = {
      EUR: 2,
      USD: 2,
      JPY: 0,
      KRW: 0,
      KWD: 3,
      BHD: 3,
      CLF: 4,
      UYW: 4,
      MGA: 2,
      XXX: 0,
      XCG: 2,
    }
    for (const [currency, exponent] of Object.entries(exponents))
      expect(currencyExponent(currency)).toBe(exponent)
  })

  test('are those that are active and have a minor unit', () => {
    expect(CURRENCIES).toHaveLength(166)
    expect(new Set(CURRENCIES).size).toBe(CURRENCIES.length)
    for (const code of ['BGN', 'HRK', 'ANG', 'ZWL', 'DEM', 'XAU', 'XDR', 'XTS', 'eur', '', 'constructor'])
      expect(currencyExponent(code)).toBeNull()
  })
})

describe('rates', () => {
  const rates = parseRates(`${HEAD}rates: { USD: 1.25, JPY: 160, KWD: 0.333, CLF: 0.026, GBP: 0.8 }`, 'r')

  test('convert between minor units of different exponents', () => {
    expect(rates.toBaseMinor(1250, 'USD')).toBe(1000)
    expect(rates.toBaseMinor(160, 'JPY')).toBe(100)
    expect(rates.toBaseMinor(333, 'KWD')).toBe(100)
    expect(rates.toBaseMinor(260, 'CLF')).toBe(100)
    expect(rates.toBaseMinor(1999, 'EUR')).toBe(1999)
    expect(rates.minorPerMajor).toBe(100)
  })

  test('round halves away from zero, to whole minor units', () => {
    expect(rates.toBaseMinor(2, 'GBP')).toBe(3)
    expect(rates.toBaseMinor(-2, 'GBP')).toBe(-3)
    expect(rates.toBaseMinor(1, 'USD')).toBe(1)
    expect(rates.toBaseMinor(1, 'JPY')).toBe(1)
  })

  test('are unknown for a currency that the file does not list, but nothing is nothing', () => {
    expect(rates.toBaseMinor(100, 'XAF')).toBeNaN()
    expect(rates.toBaseMinor(0, 'XAF')).toBe(0)
    expect(Object.is(rates.toBaseMinor(-0, 'USD'), 0)).toBe(true)
  })

  test('keep the largest amount in the base to the unit', () => {
    expect(rates.toBaseMinor(Number.MAX_SAFE_INTEGER, 'EUR')).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('may have a base without minor units', () => {
    const yen = parseRates('version: 1\ndate: 2026-03-01\nbase: JPY\nrates: { EUR: 0.00625 }', 'r')
    expect(yen).toMatchObject({ base: 'JPY', minorPerMajor: 1, version: '1', currencies: ['EUR', 'JPY'] })
    expect(yen.toBaseMinor(100, 'EUR')).toBe(160)
  })

  test('come with the product, as examples', () => {
    const shipped = loadRates(join(import.meta.dirname, '../../../rates.yaml'))
    expect(shipped.base).toBe('EUR')
    expect(shipped.version).toContain('example')
    expect(shipped.currencies.length).toBeGreaterThan(30)
  })
})

describe('a rate file that is not usable', () => {
  test('is told all its problems at once', () => {
    const file =
      'date: 2026-02-30\nbase: EURO\nrate: 1\nrates: { USD: 0, GPB: 1, JPY: "160", CHF: .inf, DEM: 2 }'
    expect(problemsOf(() => parseRates(file, 'rates.yaml'))).toEqual([
      'version must be a text that changes with every change of the rates, such as "2026-03-01"',
      'date must be the day that the rates are of, such as 2026-03-01; found "2026-02-30"',
      'base must be an active ISO 4217 currency; found "EURO". Did you mean "EUR"?',
      'rates.USD must be a number above 0: units of USD for one unit of the base; found 0',
      'rates.GPB is no active ISO 4217 currency. Did you mean "GBP"?',
      'rates.JPY must be a number above 0: units of JPY for one unit of the base; found "160"',
      'rates.CHF must be a number above 0: units of CHF for one unit of the base; found Infinity',
      expect.stringMatching(/^rates\.DEM is no active ISO 4217 currency\./),
      'rate is no field of a rate file. Did you mean "rates"?',
    ])
  })

  test.each([
    ['that is empty', '', /must hold "version:"/],
    ['that is a list', '- 1', /must hold "version:"/],
    ['that is no YAML', 'a: [', /^the file is no YAML: /],
    ['with a currency twice', `${HEAD}rates:\n  USD: 1\n  USD: 2`, /unique/],
    ['without rates', HEAD, /^rates must hold one line for each currency/],
    ['whose base has another rate than 1', `${HEAD}rates: { EUR: 2 }`, /^rates\.EUR is the base/],
    ['with XXX', `${HEAD}rates: { XXX: 2 }`, /^rates\.XXX is no active/],
  ])('is refused: one %s', (_what, text, problem) => {
    expect(problemsOf(() => parseRates(text, 'rates.yaml')).join('\n')).toMatch(problem)
  })

  test('is named when it cannot be read, with the setting that names it', () => {
    expect(problemsOf(() => loadRates('/nowhere/rates.yaml')).join('')).toMatch(/ENOENT.*money\.ratesFile/)
  })
})
