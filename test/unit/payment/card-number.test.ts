import { describe, expect, test } from 'vitest'
import { containsCardNumber, maskCardNumbers } from '../../../src/payment/card-number.ts'

describe('a card number is found and masked', () => {
  // The schemes' published test numbers.
  const numbers: [string, string, string][] = [
    ['Visa', '4111111111111111', '411111******1111'],
    ['Visa of 13 digits', '4222222222222', '422222***2222'],
    ['Visa of 19 digits', '4000000000000000006', '400000*********0006'],
    ['Mastercard', '5555555555554444', '555555******4444'],
    ['Mastercard of the 2 series', '2223003122003222', '222300******3222'],
    ['American Express', '378282246310005', '378282*****0005'],
    ['Discover', '6011111111111117', '601111******1117'],
    ['JCB', '3566002020360505', '356600******0505'],
    ['Diners Club', '30569309025904', '305693****5904'],
    ['UnionPay', '6200000000000005', '620000******0005'],
    ['UnionPay of 19 digits', '6205500000000000004', '620550*********0004'],
    ['Maestro', '6759649826438453', '675964******8453'],
    ['Mir', '2201382000000013', '220138******0013'],
    ['RuPay', '6074819900004939', '607481******4939'],
    ['Hipercard', '6062826786276634', '606282******6634'],
  ]
  test.each(numbers)('%s', (_scheme, number, masked) => {
    expect(containsCardNumber(number)).toBe(true)
    expect(maskCardNumbers(number)).toBe(masked)
  })

  const places: [string, string, string][] = [
    ['in groups with spaces', '4111 1111 1111 1111', '4111 11** **** 1111'],
    ['in groups with dashes', '4111-1111-1111-1111', '4111-11**-****-1111'],
    ['in groups of one', '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '4 1 1 1 1 1 * * * * * * 1 1 1 1'],
    [
      'before other digits, parted from them',
      '4111 1111 1111 1111 123 12/29',
      '4111 11** **** 1111 123 12/29',
    ],
    ['behind other digits, parted from them', '2026-03-01 4111111111111111', '2026-03-01 411111******1111'],
    ['in a track of a card', 'B4111111111111111^DOE/J^2912', 'B411111******1111^DOE/J^2912'],
    ['right behind a word', 'pan4111111111111111', 'pan411111******1111'],
    ['before a decimal point', '4111111111111111.00', '411111******1111.00'],
    [
      'twice',
      '4111111111111111 5555555555554444,378282246310005',
      '411111******1111 555555******4444,378282*****0005',
    ],
    ['with a digit escaped in JSON', '{"a":"\\u0034111111111111111"}', '{"a":"\\u003411111******1111"}'],
    [
      'with all digits escaped',
      `"${Array.from('4111111111111111', (digit) => `\\u003${digit}`).join('')}"`,
      `"\\u0034${'\\u0031'.repeat(5)}******${'\\u0031'.repeat(4)}"`,
    ],
    ['with its separator escaped', '4111\\u00201111\\u002D11111111', '4111\\u002011**\\u002D****1111'],
    [
      'in JSON within JSON',
      JSON.stringify({ body: '{"a":"\\u0034111111111111111"}' }),
      JSON.stringify({ body: '{"a":"\\u003411111******1111"}' }),
    ],
    ['in a form', 'note=%204111111111111111%20x', 'note=%20411111******1111%20x'],
    ['as a number with an exponent', '{"n":4.111111111111111E15}', '{"n":4.11111******1111E15}'],
    ['in text that is no JSON', '{"a": 4111111111111111', '{"a": 411111******1111'],
    [
      'in UTF-16 read as bytes',
      Array.from('x4111111111111111').join('\0'),
      Array.from('x411111******1111').join('\0'),
    ],
    ['behind an escape that ends in digits', '\\u00e94111111111111111', '\\u00e9411111******1111'],
  ]
  test.each(places)('%s', (_place, text, masked) => {
    expect(containsCardNumber(text)).toBe(true)
    expect(maskCardNumbers(text)).toBe(masked)
    expect(containsCardNumber(masked)).toBe(false)
  })
})

describe('no card number is', () => {
  test.each([
    ['with a wrong check digit', '4111111111111112'],
    ['of a length that the scheme does not issue', '41111111111111'],
    ['of no scheme', '9999999999999995'],
    ['of 12 digits', '411111111111'],
    ['within a longer row of digits', '94111111111111111'],
    ['with two separators between digits', '4111 1111  1111 1111'],
    ['with other characters between its digits', '4111x111111111111'],
    ['an IBAN', 'DE89370400440532013000'],
    ['an IBAN in print', 'BE71 0961 2345 6769 and DE89 3704 0044 0532 0130 00'],
    ['a UUID', 'a1b2c3d4-4111-1111-1111-111111111111'],
    ['part of a SHA-256', `${'ab'.repeat(20)}4111111111111111${'cd'.repeat(4)}`],
    ['a decimal fraction', '{"lat":0.4111111111111111}'],
    ['a time', '2026-03-01T12:00:00.123456789Z'],
    ['epoch milliseconds', '1772366400000'],
    ['epoch nanoseconds', '1772366400000000000'],
    ['a masked one', '411111******1111'],
  ])('%s', (_what, text) => {
    expect(containsCardNumber(text)).toBe(false)
    expect(maskCardNumbers(text)).toBe(text)
  })

  test('an IBAN with a wrong check digit is searched like any text', () => {
    const iban = 'DE88 4111 1111 1111 1111 01'
    expect(containsCardNumber(iban)).toBe(true)
    expect(maskCardNumbers(iban)).toBe('DE88 4111 11** **** 1111 01')
  })
})

test('about one in thirty random numbers of 16 digits looks like a card number, as the contract says', () => {
  // A linear congruential generator (Knuth's MMIX): the same numbers in every run.
  let state = 42n
  const next = (): bigint =>
    (state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn)
  let found = 0
  for (let i = 0; i < 40_000; i++) {
    if (containsCardNumber(String((next() >> 8n) % 10n ** 16n).padStart(16, '0'))) found++
  }
  expect(40_000 / found).toBeGreaterThan(28)
  expect(40_000 / found).toBeLessThan(36)
})
