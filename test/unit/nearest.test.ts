import { expect, test } from 'vitest'
import { nearest, suggestion } from '../../src/nearest.ts'

test('the nearest name is the one with the fewest letters to change', () => {
  expect(nearest('autorisation', ['authorisation', 'withdrawal'])).toBe('authorisation')
  expect(nearest('KAFKA_BROKER', ['KAFKA_BROKERS', 'KAFKA_BROWSERS'])).toBe('KAFKA_BROKERS')
  expect(nearest('Amount', ['amount'])).toBe('amount')
  expect(nearest('GPB', ['AED', 'GBP', 'GMD'])).toBe('GBP')
})

test('among equally near names one with the same first letter is taken', () => {
  expect(nearest('rate', ['date', 'rates'])).toBe('rates')
  expect(nearest('rate', ['rates', 'date'])).toBe('rates')
  expect(nearest('xate', ['date', 'rate'])).toBe('date')
})

test('a name that is near nothing has no suggestion', () => {
  expect(nearest('colour', ['amount', 'payer'])).toBeNull()
  expect(suggestion('colour', ['amount'])).toBe('')
  expect(suggestion('amont', ['amount'])).toBe(' Did you mean "amount"?')
})

test('a very long name costs nothing', () => {
  const started = performance.now()
  expect(nearest('x'.repeat(200_000), ['amount', 'payer', 'device'])).toBeNull()
  expect(performance.now() - started).toBeLessThan(1_000)
})
