import { describe, expect, it } from 'vitest'
import { deadLetterTable, deadLetterText } from '../../../src/cli/dead-letter-view.ts'
import type { DeadLetter } from '../../../src/log/dead-letter-reader.ts'

const letter = (slots: Partial<DeadLetter> = {}): DeadLetter => ({
  position: '3/118',
  code: 'EVENT_INVALID',
  stage: 'decode',
  message: 'amount must be a whole number of minor units, such as 1999 for 19.99 EUR; found 19.99',
  timeMs: Date.parse('2026-03-01T12:00:00.270Z'),
  topic: 'payments.events',
  source: 'payments.events/3/10483',
  firstSource: null,
  key: 'acc-1',
  bytes: 20,
  state: 'open',
  ...slots,
})

describe('the table of dead letters', () => {
  it('shows each with its reason, then the counts by code and state', () => {
    const letters = [
      letter(),
      letter({ position: '11/123456', code: 'EVENT_TIME_IMPOSSIBLE', state: 'replayed' }),
      letter({ position: '0/9', state: 'masked' }),
    ]
    expect(deadLetterTable(letters, 50)).toMatchInlineSnapshot(`
      "POSITION      REJECTED (UTC)       CODE                      STATE
      3/118         2026-03-01 12:00:00  EVENT_INVALID             open
        payments.events/3/10483  amount must be a whole number of minor units, such a…
      11/123456     2026-03-01 12:00:00  EVENT_TIME_IMPOSSIBLE     replayed
        payments.events/3/10483  amount must be a whole number of minor units, such a…
      0/9           2026-03-01 12:00:00  EVENT_INVALID             masked
        payments.events/3/10483  amount must be a whole number of minor units, such a…

      EVENT_INVALID                            2
      EVENT_TIME_IMPOSSIBLE                    1
      all                                      3: 1 open, 1 replayed, 1 masked
      "
    `)
  })

  it('is never wider than 80 columns', () => {
    const long = letter({ code: 'X'.repeat(90), source: 'y'.repeat(200), state: 'replayed' })
    for (const line of deadLetterTable([long], 1).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('shows the newest and says how many it left out', () => {
    const table = deadLetterTable([letter({ position: '0/1' }), letter({ position: '0/2' })], 1)
    expect(table).toContain('0/2 ')
    expect(table).not.toContain('0/1 ')
    expect(table).toContain('… and 1 older ones; --limit shows more')
  })

  it('says so when there are none', () => {
    expect(deadLetterTable([], 50)).toBe('no dead letters\n')
  })
})

describe('one dead letter', () => {
  it('shows every header and the value, and sends no control character to the terminal', () => {
    const headers = { trace: Buffer.from('t-\u001b[31m1'), 'paysentry.error.code': 'EVENT_INVALID' }
    const value = Buffer.from('{"a":"\u202eb\u0007"}')
    expect(deadLetterText(letter({ key: null }), { headers, value })).toMatchInlineSnapshot(`
      "position              3/118
      state                 open
      key                   (none)
      paysentry.error.code  EVENT_INVALID
      trace                 t-\\u001b[31m1

      {"a":"\\u202eb\\u0007"}
      "
    `)
  })

  it('says when there is no value', () => {
    expect(deadLetterText(letter(), { headers: {}, value: null })).toContain('(no value)')
  })
})
