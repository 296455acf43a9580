// What is well-formed and certainly not meant.
import { HORIZONS } from '../../support/horizons.ts'
import { expect, test } from 'vitest'
import { createCompiler } from '../../../src/expression/compiler.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { lintOf } from './support.ts'

test.each([
  ['hour > 24', '1 it is never true: hour is from 0 to 23.'],
  ['weekday == 0', '1 it is never true: weekday is from 1 to 7.'],
  [
    "currency.indexOf('U') < -1",
    "1 it is never true: currency.indexOf('U') is never below -1, and -1 is -1.",
  ],
  ['amount < 0', '1 it is never true: amount is never below 0.'],
  ["count(card, '1h') < 0.0", "1 it is never true: count(card, '1h') is never below 0."],
  [
    'score > 95',
    '1 it is never true: score is from 0 to 1. It is a share and no percentage: did you mean 0.95?',
  ],
  [
    '80 <= score',
    '1 it is never true: score is from 0 to 1. It is a share and no percentage: did you mean 0.8?',
  ],
  ['hour >= 0', '1 it is true of every known number: hour is from 0 to 23; known(x) tells what is known.'],
  ['-amount > 5.0', '1 it is never true: -amount is never above 0.'],
  ['least(hour, 5) > 5', '1 it is never true: least(hour, 5) is from 0 to 5.'],
  [
    'first_seen(card) < minutes(0)',
    '1 it is never true: first_seen(card) is never below 0, and minutes(0) is 0.',
  ],
  [
    'amount > 5 && amount < 3',
    '15 together with what stands before it, it is never true: amount cannot be both.',
  ],
  [
    'amount > 5 && (hour < 3 && 5 >= amount)',
    '28 together with what stands before it, it is never true: amount cannot be both.',
  ],
  [
    "type == 'login' && type == 'otp'",
    '20 together with what stands before it, it is never true: type cannot be both.',
  ],
  [
    "channel in ['pos', 'atm'] && channel == 'app'",
    '30 together with what stands before it, it is never true: channel cannot be both.',
  ],
  ['1 > 2', '1 it is never true: both sides are fixed.'],
])('%s', (source, finding) => {
  expect(lintOf(source)).toEqual([finding])
})

test.each([
  'hour > 22',
  'hour >= 22 || hour < 6',
  'score > 0.95',
  'amount > 3 && amount < 5',
  'amount >= 5 && amount <= 5',
  'amount > 5 || amount < 3',
  "channel in ['pos', 'atm'] && channel == 'atm'",
  "payer.country != 'DE' && payer.country != 'AT'",
  "attributes['age'] > 120",
  'amount - 100.0 < 0.0',
])('nothing is said about %s', (source) => {
  expect(lintOf(source)).toEqual([])
})

test('equal conditions are found whatever their spelling', () => {
  const compiler = createCompiler({ windows: createWindowSet(), scope: 'rule', horizons: HORIZONS })
  const first = compiler.conjuncts("amount > 5 && (hour < 3 || type == 'login')")
  expect(compiler.conjuncts("('login' == type || 3 > hour) && 5.0 < amount")).toEqual(first)
  expect(compiler.conjuncts("amount > 5 && (hour < 3 || type == 'otp')")).not.toEqual(first)
  expect(compiler.conjuncts('amount >= 5')).not.toEqual(compiler.conjuncts('amount > 5'))
  expect(compiler.conjuncts("'5' == currency")).not.toEqual(compiler.conjuncts('5 == hour'))
})
