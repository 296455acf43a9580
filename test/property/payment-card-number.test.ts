// Card numbers anywhere are found and masked, and other digits are left alone: random ones, made apart from the code.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { containsCardNumber, maskCardNumbers } from '../../src/payment/card-number.ts'
import { cardNumber, checkDigit, grouped } from '../support/card-numbers.ts'
import { rejection } from '../support/decoding.ts'
import { paymentEvent } from '../support/events.ts'

const RUNS = { numRuns: 2_000, seed: 20260301 }
/** Text that ends or begins with no digit, separator, dot, hexadecimal letter or escape, so that it is no part of the number. */
const around = fc.string({
  unit: fc.constantFrom('x', 'é', '"', ':', ' ', '{', '}', ',', '\n', '9', '卡', '4-'),
})
const before = around.map((text) => `${text}:`)
const after = around.map((text) => `;${text}`)

const digitsOf = (text: string) => text.replaceAll(/[^0-9]/g, '')

test('a card number in any text and grouping is found', () => {
  const number = cardNumber.chain((digits) => fc.tuple(fc.constant(digits), grouped(digits)))
  fc.assert(
    fc.property(before, number, after, (head, [digits, written], tail) => {
      expect(containsCardNumber(head + written + tail)).toBe(true)
      const masked = maskCardNumbers(head + written + tail)
      expect(masked.length).toBe((head + written + tail).length)
      expect(digitsOf(masked)).not.toContain(digits)
      expect(containsCardNumber(masked)).toBe(false)
    }),
    RUNS,
  )
})

test('masking shows the first six and the last four digits, and touches nothing else', () => {
  fc.assert(
    fc.property(before, cardNumber, after, (head, digits, tail) => {
      fc.pre(!containsCardNumber(head) && !containsCardNumber(tail))
      const hidden = `${digits.slice(0, 6)}${'*'.repeat(digits.length - 10)}${digits.slice(-4)}`
      expect(maskCardNumbers(head + digits + tail)).toBe(head + hidden + tail)
    }),
    RUNS,
  )
})

test('a card number with any of its digits escaped is found in JSON, and masking leaves JSON', () => {
  const escaped = cardNumber.chain((digits) =>
    fc
      .array(fc.boolean(), { minLength: digits.length, maxLength: digits.length })
      .map((flags) =>
        Array.from(digits, (digit, i) => (flags[i] === true ? `\\u003${digit}` : digit)).join(''),
      ),
  )
  fc.assert(
    fc.property(escaped, fc.integer({ min: 0, max: 2 }), (written, layers) => {
      let json = `{"note":"${written}"}`
      for (let layer = 0; layer < layers; layer++) json = JSON.stringify({ body: json })
      expect(containsCardNumber(json)).toBe(true)
      const masked = maskCardNumbers(json)
      expect(containsCardNumber(masked)).toBe(false)
      let inner: unknown = JSON.parse(masked)
      for (let layer = 0; layer < layers; layer++) inner = JSON.parse((inner as { body: string }).body)
      expect(containsCardNumber((inner as { note: string }).note)).toBe(false)
    }),
    RUNS,
  )
})

test('after masking any text of digits, separators and escapes no card number is left', () => {
  const pieces = fc.oneof(
    { weight: 3, arbitrary: cardNumber },
    {
      weight: 6,
      arbitrary: fc.constantFrom('4', '5', '1', '0', '6', ' ', '-', '  ', '.', '\\', '\\u0034', '%20', 'E15'),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const text = parts.join('')
      const masked = maskCardNumbers(text)
      expect(containsCardNumber(masked)).toBe(false)
      if (!containsCardNumber(text)) expect(masked).toBe(text)
    }),
    RUNS,
  )
})

test('digits with a wrong check digit are left alone, whatever they begin with', () => {
  fc.assert(
    fc.property(before, cardNumber, fc.integer({ min: 1, max: 9 }), after, (head, digits, shift, tail) => {
      fc.pre(!containsCardNumber(head) && !containsCardNumber(tail))
      const body = digits.slice(0, -1)
      const wrong = body + String((Number(checkDigit(body)) + shift) % 10)
      expect(maskCardNumbers(head + wrong + tail)).toBe(head + wrong + tail)
    }),
    RUNS,
  )
})

test('digits that no scheme begins with are left alone, whatever their check digit', () => {
  const body = fc.tuple(
    fc.constantFrom('0', '10', '17', '7', '29', '31', '33', '90', '99'),
    fc.array(fc.nat(9), { minLength: 11, maxLength: 16 }),
  )
  fc.assert(
    fc.property(body, ([head, rest]) => {
      const digits = head + rest.join('')
      const number = digits + checkDigit(digits)
      expect(maskCardNumbers(number)).toBe(number)
    }),
    RUNS,
  )
})

test('a card number anywhere in an event rejects it, and no message shows it', () => {
  const path = fc.array(fc.constantFrom('a', 'note', 'payer', 'attributes', 'id', 'x'), {
    minLength: 2,
    maxLength: 6,
  })
  fc.assert(
    fc.property(path, cardNumber, fc.constantFrom('value', 'name', 'list'), (names, digits, place) => {
      const leaf: unknown =
        place === 'list' ? [0, [digits]] : place === 'name' ? { [`n${digits}`]: 1 } : `is ${digits}`
      const extra = names.reduceRight((value: unknown, name) => ({ [name]: value }), leaf)
      const reason = rejection(paymentEvent({ extra }))
      expect(reason).toMatch(/^CARD_NUMBER_IN_CLEAR: /)
      expect(containsCardNumber(reason)).toBe(false)
    }),
    { numRuns: 500, seed: 20260301 },
  )
})
