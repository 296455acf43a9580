// Where simulated people live and what they pay in. Weights say how many customers and merchants a country has; the
// rates are round figures that make prices look right, not quotations.

export interface Currency {
  readonly code: string
  /** Digits after the point (ISO 4217). */
  readonly exponent: number
  readonly perEur: number
  /** The banknote that cash machines count in, in major units. */
  readonly note: number
}

/** A type, not an interface: only so does it fit the event's objects that keep unknown fields. */
export type Place = { readonly lat: number; readonly lon: number }

export interface Country {
  readonly code: string
  readonly currency: Currency
  readonly weight: number
  /** Hours ahead of UTC, all the year: there is no summer time in the simulation. */
  readonly utcOffsetHours: number
  readonly cities: readonly Place[]
}

const EUR: Currency = { code: 'EUR', exponent: 2, perEur: 1, note: 10 }
const USD: Currency = { code: 'USD', exponent: 2, perEur: 1.1, note: 20 }
const GBP: Currency = { code: 'GBP', exponent: 2, perEur: 0.85, note: 10 }
const PLN: Currency = { code: 'PLN', exponent: 2, perEur: 4.3, note: 50 }
const CHF: Currency = { code: 'CHF', exponent: 2, perEur: 0.95, note: 20 }
const JPY: Currency = { code: 'JPY', exponent: 0, perEur: 160, note: 1_000 }
const SEK: Currency = { code: 'SEK', exponent: 2, perEur: 11.3, note: 100 }
const CZK: Currency = { code: 'CZK', exponent: 2, perEur: 25, note: 200 }
const DKK: Currency = { code: 'DKK', exponent: 2, perEur: 7.46, note: 100 }

type Row = readonly [
  code: string,
  currency: Currency,
  weight: number,
  utcOffsetHours: number,
  ...cities: Place[],
]

const at = (lat: number, lon: number): Place => ({ lat, lon })
const ROWS: readonly Row[] = [
  ['DE', EUR, 28, 1, at(52.52, 13.4), at(48.14, 11.58), at(53.55, 10), at(50.94, 6.96)],
  ['FR', EUR, 13, 1, at(48.86, 2.35), at(45.76, 4.84), at(43.3, 5.37)],
  ['NL', EUR, 9, 1, at(52.37, 4.9), at(51.92, 4.48)],
  ['ES', EUR, 8, 1, at(40.42, -3.7), at(41.39, 2.17)],
  ['IT', EUR, 8, 1, at(41.9, 12.5), at(45.46, 9.19)],
  ['GB', GBP, 7, 0, at(51.51, -0.13), at(53.48, -2.24), at(55.95, -3.19)],
  ['PL', PLN, 6, 1, at(52.23, 21.01), at(50.06, 19.94)],
  ['AT', EUR, 5, 1, at(48.21, 16.37), at(47.07, 15.44)],
  ['US', USD, 5, -5, at(40.71, -74.01), at(42.36, -71.06), at(25.76, -80.19)],
  ['BE', EUR, 4, 1, at(50.85, 4.35)],
  ['CH', CHF, 4, 1, at(47.38, 8.54), at(46.2, 6.14)],
  ['PT', EUR, 2, 0, at(38.72, -9.14)],
  ['IE', EUR, 2, 0, at(53.35, -6.26)],
  ['SE', SEK, 2, 1, at(59.33, 18.07)],
  ['CZ', CZK, 2, 1, at(50.08, 14.44)],
  ['JP', JPY, 2, 9, at(35.68, 139.69), at(34.69, 135.5)],
  ['FI', EUR, 1, 2, at(60.17, 24.94)],
  ['DK', DKK, 1, 1, at(55.68, 12.57)],
]

export const COUNTRIES: readonly Country[] = ROWS.map(
  ([code, currency, weight, utcOffsetHours, ...cities]) => ({
    code,
    currency,
    weight,
    utcOffsetHours,
    cities,
  }),
)

/** A country for each unit of weight: picking evenly from it picks by weight. */
export const COUNTRIES_BY_WEIGHT: readonly Country[] = COUNTRIES.flatMap((country) =>
  Array.from({ length: country.weight }, () => country),
)

/** Euros in minor units of the currency, at least 1. */
export function minorUnits(eur: number, currency: Currency): number {
  return Math.max(1, Math.round(eur * currency.perEur * 10 ** currency.exponent))
}

/** Euros in minor units of the currency, in whole steps of `step` major units, at least one step. */
export function roundedMinorUnits(eur: number, currency: Currency, step: number): number {
  return Math.max(1, Math.round((eur * currency.perEur) / step)) * step * 10 ** currency.exponent
}
