import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/rules/duration.ts'

test('lengths of time are sums of numbers with units', () => {
  expect(parseDuration('90s')).toBe(90_000)
  expect(parseDuration('2h30m')).toBe(9_000_000)
  expect(parseDuration('1d1ms')).toBe(86_400_001)
  for (const text of ['', '10', 'm', '-1s', '1.5h', '1y', '10 m', '10min'])
    expect(parseDuration(text), text).toBeNull()
})

test('what is written is read again', () => {
  fc.assert(fc.property(fc.nat(1e12), (ms) => parseDuration(formatDuration(ms)) === ms))
})
