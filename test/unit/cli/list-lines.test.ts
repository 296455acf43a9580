import { describe, expect, it } from 'vitest'
import { parseListLine } from '../../../src/cli/list-lines.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z')
const line = (text: string, holds: Parameters<typeof parseListLine>[1] = 'account') =>
  parseListLine(text, holds, NOW)

describe('a line of a file of list entries', () => {
  it('is a value, and may say until when and why', () => {
    expect(line(' acc-1 ')).toEqual({ value: 'acc-1', expires: undefined, reason: undefined })
    expect(line('acc-1,2026-06-01,"Case 1, second"')).toEqual({
      value: 'acc-1',
      expires: '2026-06-01T00:00:00.000Z',
      reason: 'Case 1, second',
    })
    expect(line('acc-1,90d')).toMatchObject({ expires: '2026-05-30T00:00:00.000Z' })
    expect(line('acc-1,never')).toMatchObject({ expires: null })
    expect(line('"a ""b"""')).toMatchObject({ value: 'a "b"' })
  })

  it.each(['', '  ', '# a comment', 'value,expires,reason', 'Value'])('may say nothing: "%s"', (text) => {
    expect(line(text)).toBeNull()
  })

  it.each([
    ['41a111', 'bin', /6 to 8 digits/],
    ['541', 'mcc', /four digits/],
    ['DEU', 'country', /two letters/],
    [',never', 'account', /empty/],
    ['a,b,c,d', 'account', /has 4 fields/],
    ['"a', 'account', /quote/],
    ['a,soon', 'account', /"soon" is no time/],
    ['a,2026-13-01', 'account', /is no time/],
  ] as const)('is reported when it is wrong: %s for a %s', (text, holds, problem) => {
    const result = line(text, holds)
    expect(result).toMatchObject({ problem: expect.stringMatching(problem) as string })
  })
})
