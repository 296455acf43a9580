// Exchange rates to the base currency, from a versioned file. Decisions name the version, so a sum can be repeated.
import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { AppError } from '../errors.ts'
import { suggestion } from '../nearest.ts'
import { CURRENCIES, currencyExponent } from './currency.ts'
import { isCalendarDate } from './event-time.ts'

export interface Rates {
  /** As the file says it. */
  readonly version: string
  /** The day that the rates are of, `2026-03-01`. */
  readonly date: string
  readonly base: string
  /** Minor units that make one major unit of the base currency: 100 for EUR. */
  readonly minorPerMajor: number
  /** Currencies that can be converted, the base among them, in alphabetical order. */
  readonly currencies: readonly string[]
  /**
   * `amountMinor` of a currency in whole minor units of the base, halves rounded away from zero; NaN when the currency has
   * no rate. Nothing is nothing in any currency: 0 stays 0 without a rate.
   */
  toBaseMinor(amountMinor: number, currency: string): number
}

/**
 * What becomes of an amount in an active currency without a rate: it is `unknown` to windows and model; its message is rejected;
 * or it is unknown and a person reviews the payment. The decision names the currency in any case.
 */
export const MISSING_RATE_POLICIES = ['unknown', 'reject', 'review'] as const
export type MissingRatePolicy = (typeof MISSING_RATE_POLICIES)[number]

const FIELDS = ['version', 'date', 'base', 'rates']

/** Reads and checks a rate file. Throws RATES_INVALID with every problem in it. */
export function loadRates(file: string): Rates {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError('RATES_INVALID', `${file} cannot be read`, {
      cause: error,
      problems: [
        `${error instanceof Error ? error.message : String(error)}; the setting money.ratesFile names the file`,
      ],
    })
  }
  return parseRates(text, file)
}

/** Checks the text of a rate file; `file` is its name in messages. Throws RATES_INVALID with every problem in it. */
export function parseRates(text: string, file: string): Rates {
  const problems: string[] = []
  const content = parseFile(text, problems)
  const version = checkVersion(content, problems)
  const date = checkDate(content, problems)
  const base = checkBase(content, problems)
  const rates = checkRates(content, base, problems)
  for (const name of Object.keys(content)) {
    if (!FIELDS.includes(name))
      problems.push(`${name} is no field of a rate file.${suggestion(name, FIELDS)}`)
  }
  if (problems.length > 0) {
    throw new AppError('RATES_INVALID', `${problems.length} problem(s) in ${file}`, { problems })
  }
  return createRates({ version, date, base, rates })
}

function createRates(facts: {
  version: string
  date: string
  base: string
  rates: Map<string, number>
}): Rates {
  const { version, date, base } = facts
  const baseExponent = currencyExponent(base) ?? 0
  const factors = new Map(
    [...facts.rates, [base, 1] as const].map(([currency, rate]) => [
      currency,
      10 ** (baseExponent - (currencyExponent(currency) ?? 0)) / rate,
    ]),
  )
  return {
    version,
    date,
    base,
    minorPerMajor: 10 ** baseExponent,
    currencies: [...factors.keys()].sort(),
    toBaseMinor(amountMinor, currency) {
      if (amountMinor === 0) return 0
      const factor = factors.get(currency)
      if (factor === undefined) return Number.NaN
      const exact = amountMinor * factor
      // Math.round takes halves towards +Infinity, which is away from zero for amounts alone.
      return exact < 0 ? -Math.round(-exact) : Math.round(exact)
    },
  }
}

function parseFile(text: string, problems: string[]): Readonly<Record<string, unknown>> {
  try {
    const content: unknown = parseYaml(text)
    if (isRecord(content)) return content
    problems.push(`the file must hold ${FIELDS.map((field) => `"${field}:"`).join(', ')}`)
  } catch (error) {
    problems.push(`the file is no YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
  return {}
}

function checkVersion(content: Readonly<Record<string, unknown>>, problems: string[]): string {
  const version = content['version']
  if ((typeof version === 'string' && version.trim() !== '') || typeof version === 'number')
    return String(version)
  problems.push('version must be a text that changes with every change of the rates, such as "2026-03-01"')
  return ''
}

function checkDate(content: Readonly<Record<string, unknown>>, problems: string[]): string {
  const date = content['date']
  if (typeof date === 'string' && isCalendarDate(date)) return date
  problems.push(`date must be the day that the rates are of, such as 2026-03-01; found ${shown(date)}`)
  return ''
}

function checkBase(content: Readonly<Record<string, unknown>>, problems: string[]): string {
  const base = content['base']
  if (typeof base === 'string' && isMoney(base)) return base
  problems.push(`base must be an active ISO 4217 currency; found ${shown(base)}.${near(base)}`)
  return ''
}

function checkRates(
  content: Readonly<Record<string, unknown>>,
  base: string,
  problems: string[],
): Map<string, number> {
  const found = new Map<string, number>()
  const rates = content['rates']
  if (!isRecord(rates)) {
    problems.push('rates must hold one line for each currency, such as "USD: 1.08"')
    return found
  }
  for (const [currency, rate] of Object.entries(rates)) {
    if (!isMoney(currency)) {
      problems.push(`rates.${currency} is no active ISO 4217 currency.${near(currency)}`)
    } else if (typeof rate !== 'number' || !Number.isFinite(rate) || rate <= 0) {
      problems.push(
        `rates.${currency} must be a number above 0: units of ${currency} for one unit of the base; found ${shown(rate)}`,
      )
    } else if (currency === base && rate !== 1) {
      problems.push(`rates.${currency} is the base, so it is 1 or left out; found ${rate}`)
    } else {
      found.set(currency, rate)
    }
  }
  return found
}

function isMoney(currency: string): boolean {
  return currency !== 'XXX' && currencyExponent(currency) !== null
}

function near(currency: unknown): string {
  return typeof currency === 'string' ? suggestion(currency, CURRENCIES) : ''
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  return typeof value === 'number' ? String(value) : JSON.stringify(value)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
