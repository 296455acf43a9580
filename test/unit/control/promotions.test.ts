import { expect, it } from 'vitest'
import { generateSigningKey } from '../../../src/control/bundle.ts'
import { createPromotions, signModelChoice } from '../../../src/control/promotions.ts'

const BY = { author: 'a.meyer', at: '2026-03-01T11:58:00Z' }
const hashOf = (digit: string): string => `sha256:${digit.repeat(64)}`
const ONE = { version: 'one', hash: hashOf('1'), previous: null, ...BY }
const TWO = { version: 'two', hash: hashOf('2'), previous: { version: 'one', hash: ONE.hash }, ...BY }
const GONE = { withdrawn: true, previous: { version: 'two', hash: TWO.hash }, ...BY } as const
const { publicKey, privateKeyPem } = generateSigningKey()
const one = signModelChoice('champion', ONE, null, privateKeyPem)
const two = signModelChoice('champion', TWO, one, privateKeyPem)
const gone = signModelChoice('champion', GONE, two, privateKeyPem)

it('promotions and withdrawals of a role count one after another, whatever the other role is', () => {
  const { champion, challenger } = createPromotions([publicKey])
  const beside = signModelChoice('challenger', TWO, null, privateKeyPem)
  expect([one.number, two.number, gone.number, beside.number]).toEqual([1, 2, 3, 1])
  for (const choice of [one, two, gone]) expect(champion.take(choice)).toBe(null)
  expect(challenger.take(beside)).toBe(null)
  expect([champion.current(), challenger.current()]).toEqual([gone, beside])
})

it('an earlier promotion cannot be given again once its model was replaced or withdrawn', () => {
  const { champion } = createPromotions([publicKey])
  for (const choice of [one, two]) champion.take(choice)
  expect(champion.take(one)).toBe(
    `the promotion of one (${ONE.hash}) as champion by a.meyer at ${BY.at} is number 1, and number 2 stands; promote it with "models promote --key", which gives it the next number`,
  )
  expect(champion.take(gone)).toBe(null)
  expect(champion.take(two)).toMatch(/is number 2, and number 3 stands/)
  expect(champion.current()).toEqual(gone)
  const again = signModelChoice('champion', TWO, gone, privateKeyPem)
  expect(champion.take(again)).toBe(null)
  expect(champion.take(gone)).toMatch(
    /^the withdrawal of the champion by .* is number 3, and number 4 stands; withdraw it with "models withdraw --key"/,
  )
})

it('nobody takes a promotion back without a signature, nor makes a champion of what was signed as challenger', () => {
  const { champion, challenger } = createPromotions([publicKey])
  challenger.take(signModelChoice('challenger', TWO, null, privateKeyPem))
  expect(challenger.take(null)).toMatch(
    /^the promotion of two .* as challenger .* was taken back, which nobody can sign; "models withdraw --challenger --key" puts/,
  )
  const forged = signModelChoice('challenger', GONE, null, generateSigningKey().privateKeyPem)
  expect(challenger.take(forged)).toMatch(
    /^the withdrawal of the challenger .* signed by no key .*; withdraw it with "models withdraw --challenger --key"/,
  )
  const beside = challenger.current()
  expect(beside).toMatchObject({ version: 'two' })
  expect(champion.take(beside)).toMatch(/signed by no key of rules\.publicKeys; promote it with/)
  expect(champion.take(null)).toBe(null)
  expect(champion.current()).toBe(null)
})
