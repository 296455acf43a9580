// Card numbers for tests, made apart from the code that finds them.
import * as fc from 'fast-check'
import { ISSUER_RANGES } from '../../src/payment/card-issuer.ts'

/** The digit that makes `body` plus it pass the Luhn check: tried out, with the sum written down the plain way. */
export function checkDigit(body: string): string {
  for (let digit = 0; digit <= 9; digit++) {
    const reversed = Array.from(`${body}${digit}`).reverse().map(Number)
    const sum = reversed
      .map((value, index) => (index % 2 === 1 ? Array.from(String(value * 2), Number) : [value]))
      .flat()
      .reduce((a, b) => a + b, 0)
    if (sum % 10 === 0) return String(digit)
  }
  throw new Error('no digit fits')
}

/** A valid number of any scheme in the table, of any of its lengths. */
export const cardNumber: fc.Arbitrary<string> = fc
  .constantFrom(...ISSUER_RANGES)
  .chain(({ from, to, lengths }) =>
    fc.tuple(
      fc.integer({ min: Number(from), max: Number(to) }).map(String),
      fc.constantFrom(...lengths),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 18, maxLength: 18 }),
    ),
  )
  .map(([prefix, length, fill]) => {
    const body = (prefix + fill.join('')).slice(0, length - 1)
    return body + checkDigit(body)
  })

/** The number in groups of random sizes, with one kind of separator or several. */
export const grouped = (digits: string): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom('', '', '', ' ', '-'), { minLength: digits.length, maxLength: digits.length })
    .map((separators) =>
      Array.from(digits, (digit, index) => (index === 0 ? digit : separators[index] + digit)).join(''),
    )
