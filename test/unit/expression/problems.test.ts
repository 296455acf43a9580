// What authors are told when an expression cannot be used.
import { expect, test } from 'vitest'
import { problemsOf } from './support.ts'

test.each([
  ["degraded('journal')", '1:10 \'journal\' is nothing that can be missing. Did you mean "journals"?'],
  [
    'degraded(currency)',
    "1:1 write degraded('journals'), what is missing being journals, model, deadline, late or rate.",
  ],
  ['amuont > 5', '1:1 there is no amuont. Did you mean "amount"?'],
  ['payer.acount == ""', '1:1 there is no payer.acount. Did you mean "payer.account"?'],
  ["mcc == '6011'", '1:1 there is no mcc. Did you mean "payee.mcc"?'],
  ["frobnicate(card, '1h') > 1", '1:1 there is no function frobnicate.'],
  ["coun(card, '1h') > 1", '1:1 there is no function coun. Did you mean "count"?'],
  ["count(cards, '1h') > 1", '1:7 "cards" is not an entity. Did you mean "card"?'],
  ["count(card, '1h', declned) > 1", '1:19 "declned" is not a kind of record. Did you mean "declined"?'],
  ['count(card) > 1', "1:1 write count(entity, '1h') or count(entity, '1h', kind)."],
  [
    "count('card', '1h') > 1",
    '1:7 an entity must stand here: card, account, customer, device, ip, merchant, payee.',
  ],
  [
    'count(card, currency) > 1',
    "1:13 the window's length must be a literal text, such as '90s', '10m', '24h' or '30d'.",
  ],
  [
    "sum(card, '0s') > 1",
    "1:11 '0s' is no length of time: write a whole number and a unit (ms, s, m, h, d, w), such as '90s', '10m', '24h' or '30d'.",
  ],
  [
    "sum(card, '36d') > 1",
    "1:11 '36d' is longer than journals are kept, which is 35 days: raise velocity.retentionMs to at least 3110400000, or shorten the window.",
  ],
  [
    "count(card, '30d', payment, '6d') > 1",
    "1:13 '30d' with its delay is longer than journals are kept, which is 35 days: raise velocity.retentionMs to at least 3110400000, or shorten the window.",
  ],
  [
    "distinct(card, merchant, '7d') > 1",
    "1:26 '7d' is longer than different things can be counted, which is 24 hours: raise velocity.exactHorizonMs to at least 604800000, or shorten the window.",
  ],
  [
    "count(card, '7d', payment, 'soon') > 1",
    "1:28 'soon' is no length of time: write a whole number and a unit (ms, s, m, h, d, w), such as '12h' or '7d'.",
  ],
  [
    "rate(merchant, '28d', declined) > 0.1",
    "1:1 a rate is of labels: write rate(entity, '28d', fraud) or, with a delay, rate(entity, '28d', fraud, '7d'). For other kinds divide two counts.",
  ],
  [
    "sum(card, '1d', fraud) > 1",
    '1:1 a label has no amount, counterpart or position: over fraud there are count, rate, first_seen and last_seen.',
  ],
  [
    "speed(card, '1h') > 900.0",
    '1:13 a kind of record must stand here: payment, declined, refund, reversal, login, login_failed, otp, otp_failed, profile_change, payee_added, fraud, genuine.',
  ],
  [
    "distinct(card, payee, '1d') > 1",
    '1:16 "payee" cannot be counted for card: its journal remembers merchant, device, ip, account.',
  ],
  [
    'max(amount, 5.0) > 1',
    "1:1 write max(entity, '1h') or max(entity, '1h', kind); the larger of two numbers is greatest(a, b).",
  ],
  [
    "card == 'x'",
    "1:1 card can only stand in a window, such as count(card, '1h'); its identifier is instrument.token.",
  ],
  [
    "device == ''",
    "1:1 device can only stand in a window, such as count(device, '1h'); its identifier is device.id.",
  ],
  ['declined', "1:1 declined can only stand in a window, such as count(card, '1h', declined)."],
  [
    "payer == ''",
    '1:1 payer is an object; read one of payer.account, payer.customer, payer.country, payer.timeZone.',
  ],
  ['known(device.geo)', '1:7 device.geo is an object; read one of device.geo.lat, device.geo.lon.'],
  [
    'has(amount)',
    '1:5 write has(object.field), such as has(device.ip); a number or text is tested with known(x).',
  ],
  ["type == 'tranfer'", '1:9 it is never \'tranfer\'. Did you mean "transfer"?'],
  ["type in ['login', 'tranfer']", '1:19 it is never \'tranfer\'. Did you mean "transfer"?'],
  [
    "'blue' != channel",
    "1:1 it is never 'blue'. It can be ecommerce, pos, atm, moto, app, web, branch, api.",
  ],
  ["startsWith(id, 'a')", "1:1 startsWith is a method: write text.startsWith('…')."],
  ['amount.abs() > 1', '1:1 abs is a function: write abs(number).'],
  ["amount.startsWith('1')", "1:1 double.startsWith(string) does not exist: write text.startsWith('…')."],
  ['abs(amount, amount) > 1', '1:1 abs(double, double) does not exist: write abs(number).'],
  ['amount', '1:1 it is of type double, where true or false is expected: compare it with something.'],
  ["amount > '5'", '1:1 ">" cannot stand between double and string.'],
  ["id.matches('(')", '1:12 the pattern cannot be used: a group is not closed.'],
  ['id.matches(currency)', '1:12 the pattern of matches must be a literal text.'],
  [
    "attributes['a'] + attributes['b'] > 1",
    '1:1 the types of two attributes are not known: write double(…) around one of them.',
  ],
  ["hour in [attributes['a']]", '1:10 an attribute cannot stand in a list: use ==.'],
  ['hour in []', '1:9 nothing is in an empty list.'],
  ["payer.account in list('mule')", '1:23 no list \'mule\' is declared. Did you mean "mules"?'],
  ["payer.account in list('friends')", '1:23 no list \'friends\' is declared. Declare it under "lists:".'],
  ["payee.mcc in group('gamblin')", '1:20 there is no group \'gamblin\'. Did you mean "gambling"?'],
  [
    "device.ip in cidr('10.0.0.1/8')",
    "1:19 '10.0.0.1/8' sets bits behind its prefix: write one such as '10.0.0.0/8' or '2001:db8::/32'.",
  ],
  [
    "device.ip in cidr('10.0.0.0/33')",
    "1:19 '/33' is no length of a prefix for 10.0.0.0: write one such as '10.0.0.0/8' or '2001:db8::/32'.",
  ],
  [
    "device.ip in cidr('ten')",
    "1:19 'ten' is no block of addresses: write one such as '10.0.0.0/8' or '2001:db8::/32'.",
  ],
  ['device.ip in cidr(currency)', "1:14 write x in cidr('block'), such as device.ip in cidr('10.0.0.0/8')."],
  ["hour in group('gambling')", '1:1 "in" cannot stand between int and Values.'],
  [
    "known(group('gambling'))",
    "1:7 it stands right of \"in\": write x in group('name'), such as payee.mcc in group('gambling').",
  ],
  ['local_hour(device) > 22', '1:1 write local_hour(payer) or local_hour(payee).'],
  ['local_hour() > 22', '1:1 write local_hour(payer) or local_hour(payee).'],
  ['amount >', '1:9 Unexpected token: EOF.'],
  ['true) || (true', "1:5 Unexpected character: ')'."],
  ['', '1:1 the expression is empty.'],
  ['known(b"x")', '1:7 b"x" is of no use here: it is CEL, but not for numbers, texts and conditions.'],
])('%s', (source, problem) => {
  expect(problemsOf(source)).toEqual([problem])
})

test('everything that is wrong with the names of an expression is said at once, each at its place', () => {
  expect(
    problemsOf("amuont > 1\n  && sum(card, '1y') > 1\n  && tpye == 'x'").map((problem) =>
      problem.slice(0, 4),
    ),
  ).toEqual(['1:1 ', '2:16', '3:6 '])
})

test('a feature cannot read the score, and is told why', () => {
  expect(problemsOf('score * 2.0', 'number', 'feature')).toEqual([
    '1:1 the score is computed from the features, so a feature cannot read it.',
  ])
  expect(problemsOf('score * 2.0', 'number', 'rule')).toEqual([])
})

test('a condition is no number, and the way to make it one is shown', () => {
  expect(problemsOf('amount > 1.0', 'number')).toEqual([
    '1:1 it is of type bool, where a number is expected: write (…) ? 1.0 : 0.0.',
  ])
  expect(problemsOf('amount > 1.0 ? 1.0 : 0.0', 'number')).toEqual([])
})

test('expressions have bounds that no author meets', () => {
  expect(problemsOf(`${'amount + '.repeat(600)}1.0 > 1.0`)[0]).toMatch(/maxAstNodes/)
  expect(problemsOf(`amount > 1.0 // ${'x'.repeat(9_000)}`)[0]).toMatch(/at most 8192 characters/)
  expect(problemsOf(`${'('.repeat(80)}true${')'.repeat(80)}`)[0]).toMatch(/maxDepth/)
})
