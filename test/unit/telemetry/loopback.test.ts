// Which requests a loopback endpoint answers.
import { describe, expect, it } from 'vitest'
import { isLoopbackAddress, refusal } from '../../../src/telemetry/loopback.ts'

describe('refusal', () => {
  it.each(['localhost', 'LocalHost:9464', '127.0.0.1:9464', '[::1]:9464', '[::1]'])(
    'lets in the host %s',
    (host) => {
      expect(refusal({ host })).toBeNull()
    },
  )

  it.each([
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    '127.0.0.1.evil.example:9464',
    'localhost:9464:1',
    'localhost:999999',
    '0.0.0.0:9464',
    '169.254.169.254',
    '',
    undefined,
  ])('refuses the host %s', (host) => {
    expect(refusal({ host })?.code).toBe('HOST_REFUSED')
  })

  it('lets in a page of its own origin alone', () => {
    const host = '127.0.0.1:9464'
    expect(refusal({ host, origin: 'http://127.0.0.1:9464' })).toBeNull()
    for (const origin of [
      'http://evil.example',
      'null',
      'http://127.0.0.1:3000',
      'https://127.0.0.1:9464',
      '',
    ]) {
      expect(refusal({ host, origin })?.code).toBe('ORIGIN_REFUSED')
    }
  })
})

describe('isLoopbackAddress', () => {
  it('knows the addresses that stay on this machine', () => {
    expect(['127.0.0.1', '127.8.9.1', '::1', 'localhost'].every(isLoopbackAddress)).toBe(true)
    expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.example', ''].some(isLoopbackAddress)).toBe(false)
  })
})
