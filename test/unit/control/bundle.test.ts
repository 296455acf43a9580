import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { generateSigningKey, openBundle, packBundle, withBundleFolder } from '../../../src/control/bundle.ts'

const by = { author: 'a.meyer', at: '2026-03-01T11:58:00Z' }
const content = {
  format: 'paysentry-rules-1' as const,
  ruleSet: 'sha256:1',
  files: [{ name: 'a.yaml', text: 'rules: []' }],
}

describe('a published rule set', () => {
  const key = generateSigningKey()
  const record = { ...packBundle(content, key.privateKeyPem), ...by }

  it('comes out as it went in for those who trust its signer, among others', () => {
    const other = generateSigningKey()
    expect(openBundle('sha256:1', record, [other.publicKey, key.publicKey])).toEqual(content)
  })

  it('is refused when nobody who is trusted has signed it', () => {
    expect(() => openBundle('sha256:1', record, [generateSigningKey().publicKey])).toThrow(
      /no key of rules.publicKeys/,
    )
    expect(() => openBundle('sha256:1', record, [])).toThrow(/no key of rules.publicKeys/)
  })

  it('is refused when a byte of it was changed, or it stands under another hash', () => {
    const forged = { ...content, files: [{ name: 'a.yaml', text: 'rules: [] ' }] }
    const bundle = gzipSync(JSON.stringify(forged)).toString('base64')
    expect(() => openBundle('sha256:1', { ...record, bundle }, [key.publicKey])).toThrow(/no key/)
    expect(() => openBundle('sha256:2', record, [key.publicKey])).toThrow(/what was signed is sha256:1/)
    expect(() => openBundle('sha256:1', { ...record, bundle: 'AAAA' }, [key.publicKey])).toThrow(/unpacked/)
  })

  it('writes no file outside the folder that is made for it, and leaves no folder behind', () => {
    const outside = { ...content, files: [{ name: '../a.yaml', text: '' }] }
    const signed = { ...packBundle(outside, key.privateKeyPem), ...by }
    expect(() => openBundle('sha256:1', signed, [key.publicKey])).toThrow(/form/)
    const dir = withBundleFolder(content, (folder) => {
      expect(readdirSync(folder)).toEqual(['a.yaml'])
      expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe('rules: []')
      return folder
    })
    expect(() => readdirSync(dir)).toThrow(/ENOENT/)
  })

  it('is not packed when it is too large for a record', () => {
    const blocks = Array.from({ length: 30_000 }, (_, i) =>
      createHash('sha256').update(String(i)).digest('base64'),
    )
    const noise = blocks.join('')
    const large = { ...content, files: [{ name: 'a.yaml', text: noise }] }
    expect(() => packBundle(large, key.privateKeyPem)).toThrow(/more than the 900000 of a record/)
  })
})
