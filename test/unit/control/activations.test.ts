import { expect, it } from 'vitest'
import { createActivations, signActivation } from '../../../src/control/activations.ts'
import { generateSigningKey } from '../../../src/control/bundle.ts'
import type { Activation } from '../../../src/control/control-record.ts'

const BY = { author: 'a.meyer', at: '2026-03-01T11:58:00Z' }
const hashOf = (digit: string): string => `sha256:${digit.repeat(64)}`
const OLD = { ruleSet: hashOf('1'), previous: null, ...BY }
const NEW = { ruleSet: hashOf('2'), previous: OLD.ruleSet, ...BY }
const key = generateSigningKey()
const first = signActivation(OLD, null, key.privateKeyPem)
const second = signActivation(NEW, first, key.privateKeyPem)

function activations(...taken: readonly Activation[]) {
  const created = createActivations([generateSigningKey().publicKey, key.publicKey])
  for (const activation of taken) expect(created.take(activation)).toBe(null)
  return created
}

it('signed activations count one after another, and again when they are read again', () => {
  const { current, take } = activations(first, second, second)
  expect(current()).toEqual(second)
  const back = signActivation({ ...OLD, previous: NEW.ruleSet }, second, key.privateKeyPem)
  expect(back.number).toBe(3)
  expect(take(back)).toBe(null)
  expect(current()?.ruleSet).toBe(OLD.ruleSet)
})

it.each([
  ['is not signed', OLD],
  ['is signed by a stranger', signActivation(OLD, second, generateSigningKey().privateKeyPem)],
  ['names another rule set than was signed', { ...second, ruleSet: OLD.ruleSet }],
  ['has another number than was signed', { ...first, number: 9 }],
  ['has another author than was signed', { ...second, author: 'b.schulz' }],
])('one that %s changes nothing', (_what, activation) => {
  const { current, refused, take } = activations(first, second)
  expect(take(activation)).toMatch(
    /signed by no key of rules\.publicKeys; activate it with "rules activate --key"/,
  )
  expect(refused()).toContain(activation.ruleSet)
  expect(current()).toEqual(second)
})

it('one that was signed for an earlier time cannot be given again, nor the one that stands be taken back', () => {
  const { current, refused, take } = activations(first, second)
  expect(take(first)).toBe(
    `the activation of ${OLD.ruleSet} by a.meyer at ${BY.at} is number 1, and number 2 stands; activate it with "rules activate --key", which gives it the next number`,
  )
  expect(take(null)).toMatch(/was taken back, which nobody can sign/)
  expect(current()).toEqual(second)
  expect(take(second)).toBe(null)
  expect(refused()).toBe(null)
})

it('without keys, for those who do not act on it, every activation counts', () => {
  const { current, take } = createActivations([])
  expect(take(OLD)).toBe(null)
  expect(current()).toEqual(OLD)
  expect(take(null)).toBe(null)
  expect(current()).toBe(null)
})
