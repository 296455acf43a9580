// Any order of signed, forged, older and empty records, held against looking through all that came so far.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { generateSigningKey } from '../../../src/control/bundle.ts'
import { createLatestSigned, signNext, type SignedKind } from '../../../src/control/latest-signed.ts'
import { signRecord } from '../../../src/control/signature.ts'

interface Word {
  readonly says: string
  readonly author: string
  readonly at: string
  readonly number?: number
  readonly signature?: string
}

const KIND: SignedKind<Word> = {
  key: 'word/last',
  describe: ({ says }) => ({ what: `the word ${says}`, remedy: 'say it with "say --key"' }),
  insteadOfNone: 'say something else',
}
const BY = { author: 'a.meyer', at: '2026-03-01T11:58:00Z' }
const ours = generateSigningKey()
const strangers = generateSigningKey()
/** A key that has signed nothing. */
const unused = generateSigningKey()

interface Sent {
  readonly word: Word | null
  /** Whether a holder of the key has said so. */
  readonly isOurs: boolean
}

function sent(says: string, number: number | null, by: 'ours' | 'stranger' | 'nobody' | 'changed'): Sent {
  const content = { says, ...BY, ...(number === null ? {} : { number }) }
  if (by === 'nobody') return { word: content, isOurs: false }
  const signer = by === 'stranger' ? strangers : ours
  const word = { ...content, signature: signRecord(KIND.key, content, signer.privateKeyPem) }
  return by === 'changed' ? { word: { ...word, number: 9 }, isOurs: false } : { word, isOurs: by === 'ours' }
}

// Signing takes longer than all the rest: each record is signed once.
const POOL: readonly Sent[] = [
  { word: null, isOurs: false },
  ...[null, 1, 2, 3, 4].flatMap((number) => [
    sent('a', number, 'ours'),
    sent('b', number, 'ours'),
    sent('c', number, 'stranger'),
    sent('d', number, 'nobody'),
    sent('e', number, 'changed'),
  ]),
]

/** Of all that holders of the key have said the one with the highest number, the last one of those with the same. */
function standing(history: readonly Sent[]): Word | null {
  const said = history.flatMap(({ word, isOurs }) => (word !== null && isOurs ? [word] : []))
  const highest = Math.max(...said.map(({ number = 0 }) => number))
  return said.findLast(({ number = 0 }) => number === highest) ?? null
}

it('of any records in any order the signed one with the highest number stands, and what does not stand is refused', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...POOL), { maxLength: 12 }), (history) => {
      const latest = createLatestSigned(KIND, [unused.publicKey, ours.publicKey])
      history.forEach(({ word }, i) => {
        const problem = latest.take(word)
        const stands = standing(history.slice(0, i + 1))
        expect(latest.current()).toBe(stands)
        expect(problem === null).toBe(word === stands)
        expect(latest.refused()).toBe(problem)
      })
    }),
    { numRuns: 300 },
  )
})

it('the next record has the next number and counts; one from before there were numbers counts as 0', () => {
  const latest = createLatestSigned<Word>(KIND, [ours.publicKey])
  const old = sent('old', null, 'ours').word
  expect(latest.take(old)).toBe(null)
  const first = signNext(KIND.key, { says: 'first', ...BY }, latest.current(), ours.privateKeyPem)
  expect(first.number).toBe(1)
  expect(latest.take(first)).toBe(null)
  expect(latest.take(old)).toBe(
    `the word old by a.meyer at ${BY.at} is number 0, and number 1 stands; say it with "say --key", which gives it the next number`,
  )
  const again = signNext(KIND.key, { says: 'old', ...BY }, latest.current(), ours.privateKeyPem)
  expect([again.number, latest.take(again)]).toEqual([2, null])
})

it('a record that was signed for another key of the topic does not count', () => {
  const latest = createLatestSigned<Word>(KIND, [ours.publicKey])
  const elsewhere = signNext('word/first', { says: 'a', ...BY }, null, ours.privateKeyPem)
  expect(latest.take(elsewhere)).toMatch(/signed by no key of rules\.publicKeys; say it with "say --key"/)
})
