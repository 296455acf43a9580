// Names in Redis, and the text of a marker: stored, and read by other versions.
import { describe, expect, it } from 'vitest'
import { editionText, parseEdition } from '../../../src/velocity/edition.ts'
import {
  editionOfKey,
  editionPrefix,
  journalKey,
  markerKey,
  shardTags,
} from '../../../src/velocity/journal-key.ts'
import { pseudonymiser } from './traffic.ts'

describe('the names of Redis keys', () => {
  it('are what they were', () => {
    const key = journalKey(pseudonymiser.entity('card', 'tok_1', 'acme'))
    expect(editionPrefix('ps:', 3) + key).toBe('ps:3:{47}:card:Q4ZYaAI8O-lCLh19iIAdvA')
    expect(markerKey('ps:', '')).toBe('ps:edition')
    expect(markerKey('ps:', '{17}')).toBe('ps:{17}:edition')
    expect(shardTags()).toEqual(Array.from({ length: 64 }, (_, shard) => `{${shard}}`))
  })

  it('tell the edition of a journal, and nothing of other keys', () => {
    expect(editionOfKey('ps:', 'ps:12:{4}:card:x')).toBe(12)
    for (const key of [
      'ps:edition',
      'ps:{4}:edition',
      'ps:other:12:{4}:card:x',
      'qs:12:{4}:card:x',
      'ps:12:x',
    ]) {
      expect(editionOfKey('ps:', key)).toBeNull()
    }
  })
})

describe('the marker of an edition', () => {
  it.each([
    ['1', { current: 1, isLost: false, next: null }],
    ['3 lost', { current: 3, isLost: true, next: null }],
    ['3 filling 4', { current: 3, isLost: false, next: { edition: 4, isJoined: false } }],
    ['3 joined 4', { current: 3, isLost: false, next: { edition: 4, isJoined: true } }],
    ['3 lost joined 4', { current: 3, isLost: true, next: { edition: 4, isJoined: true } }],
  ])('says %s', (text, edition) => {
    expect(editionText(edition)).toBe(text)
    expect(parseEdition(text)).toEqual(edition)
  })

  it.each(['', '0x1', '1 gone', '1 filling', '1 joined 2 3', '-1'])('is not "%s"', (text) => {
    expect(parseEdition(text)).toBeNull()
  })
})
