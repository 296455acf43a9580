import { describe, expect, it } from 'vitest'
import { RECORD_KINDS } from '../../../src/velocity/entity.ts'
import {
  isJournal,
  newHeader,
  RECORD_BYTES,
  readAmountMinor,
  readCounterpart,
  readIdHigh,
  readIdLow,
  readKind,
  readTimeMs,
  viewOf,
  writeCounterpart,
  writeFacts,
} from '../../../src/velocity/journal-codec.ts'
import { journalKey } from '../../../src/velocity/journal-key.ts'
import { createPseudonymiser } from '../../../src/velocity/pseudonym.ts'
import { createSipHash128 } from '../../../src/velocity/sip-hash.ts'
import { label, paymentEvent } from '../../support/events.ts'

const KEY = '000102030405060708090a0b0c0d0e0f'
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('SipHash-2-4 with 128 bits', () => {
  // Inputs of the bytes 0, 1, 2 …; from vectors_sip128 of the reference implementation.
  it.each([
    [0, 'a3817f04ba25a8e66df67214c7550293'],
    [1, 'da87c1d86b99af44347659119b22fc45'],
    [2, '8177228da4a45dc7fca38bdef60affe4'],
    [3, '9c70b60c5267a94e5f33b6b02985ed51'],
  ])('gives the reference digest of %i bytes', (length, digest) => {
    const out = new Uint32Array(4)
    createSipHash128(Buffer.from(KEY, 'hex'))(String.fromCharCode(...Array(length).keys()), out)
    expect(hex(new Uint8Array(out.buffer))).toBe(digest)
  })
})

describe('a journal record', () => {
  it('stands in the store as these bytes', () => {
    const bytes = new Uint8Array(RECORD_BYTES)
    const view = viewOf(bytes)
    writeFacts(view, 0, {
      timeMs: 1_772_366_400_000,
      kind: RECORD_KINDS.declined,
      amountMinor: 1_999,
      id: { low: 0x01020304, high: 0x0a0b0c0d },
      position: 0x11223344,
    })
    writeCounterpart(view, 0, 1, 0xabcd_ef01_2345)
    expect(hex(bytes)).toBe(
      [
        '000a45a99c01',
        '02',
        '00',
        '00000000003c9f40',
        '040302010d0c0b0a',
        '000000000000',
        '452301efcdab',
        '0'.repeat(24),
        '44332211',
      ].join(''),
    )
    expect([readTimeMs(view, 0), readKind(view, 0), readAmountMinor(view, 0)]).toEqual([
      1_772_366_400_000, 2, 1_999,
    ])
    expect([readIdLow(view, 0), readIdHigh(view, 0)]).toEqual([0x01020304, 0x0a0b0c0d])
    expect([0, 1, 2, 3].map((slot) => readCounterpart(view, 0, slot))).toEqual([0, 0xabcd_ef01_2345, 0, 0])
  })

  it('follows a header that names the format', () => {
    const header = newHeader(new Uint8Array(8).fill(9))
    expect(hex(header)).toBe('50534a01000000000909090909090909' + '0'.repeat(32))
    expect(isJournal(header)).toBe(true)
    expect(isJournal(new Uint8Array(32))).toBe(false)
    expect(isJournal(new Uint8Array(4))).toBe(false)
  })
})

describe('pseudonyms', () => {
  const pseudonymiser = createPseudonymiser(KEY)

  it('are stored under these names', () => {
    expect(journalKey(pseudonymiser.entity('card', 'tok_1', ''))).toMatchInlineSnapshot(
      `"{28}:card:5OreqCOo-U8Tal_QRQFtcw"`,
    )
    expect(journalKey(pseudonymiser.entity('ip', '192.0.2.1', 'bank-a'))).toMatchInlineSnapshot(
      `"{11}:ip:lHGk_l_IXfD4A7sgZye2LQ"`,
    )
  })

  it('differ by key, tenant, type and identifier, and hide all of them', () => {
    const entity = pseudonymiser.entity('card', 'tok_1', '')
    const others = [
      pseudonymiser.entity('card', 'tok_2', ''),
      pseudonymiser.entity('account', 'tok_1', ''),
      pseudonymiser.entity('card', 'tok_1', 't'),
      createPseudonymiser('ff'.repeat(16)).entity('card', 'tok_1', ''),
    ]
    const all = [entity, ...others]
    expect(new Set(all.map(({ pseudonym }) => pseudonym)).size).toBe(all.length)
    for (const { pseudonym, hash48, shard } of all) {
      expect(pseudonym).toMatch(/^[\w-]{22}$/)
      expect(hash48).toBeGreaterThan(0)
      expect(shard).toBeLessThan(64)
    }
  })

  it('find the same entities in an event and in the label on it', () => {
    const names = (message: Parameters<typeof pseudonymiser.entitiesOf>[0]) =>
      pseudonymiser.entitiesOf(message).map(journalKey)
    const event = names(paymentEvent())
    expect(
      event.map((key) => key.split(':')[1]).toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual(['account', 'card', 'customer', 'device', 'ip', 'merchant'])
    for (const key of names(label())) expect(event).toContain(key)
  })
})
