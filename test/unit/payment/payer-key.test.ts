import { expect, test } from 'vitest'
import { payerKey } from '../../../src/payment/payer-key.ts'
import { label, paymentEvent } from '../../support/events.ts'

const keyOf = (value: unknown) =>
  payerKey(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))

test('the key of a message is the account of its payer, else the token, else the customer', () => {
  expect(keyOf(paymentEvent())).toBe('acc-1')
  expect(keyOf(label())).toBe('acc-1')
  expect(keyOf(paymentEvent({ payer: { customer: 'cus-1' } }))).toBe('tok_1')
  expect(keyOf(paymentEvent({ payer: { customer: 'cus-1' }, instrument: undefined }))).toBe('cus-1')
  expect(keyOf(`\uFEFF${JSON.stringify(paymentEvent({ payer: { account: ' acc-2 ' } }))}`)).toBe('acc-2')
})

test('a message that names no payer has no key', () => {
  for (const value of [
    '',
    '{',
    'null',
    '5',
    '[]',
    '{}',
    '{"payer":null}',
    '{"payer":{"account":5}}',
    '{"payer":"x"}',
  ])
    expect(keyOf(value)).toBeNull()
})
