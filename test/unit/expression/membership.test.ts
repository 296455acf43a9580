// `in list(…)`, `in group(…)`, `in cidr(…)`, and the groups that are built in.
import { expect, test } from 'vitest'
import { createGroup, groupItemProblem, MCC_GROUPS } from '../../../src/expression/groups.ts'
import { parseBlock } from '../../../src/expression/ip-address.ts'
import { holds } from './support.ts'

test('a list is asked for the value at the time of the event', () => {
  const rule = "payer.account in list('mules')"
  expect(holds(rule, { event: { payer: { account: 'acc-9' } } })).toBe(true)
  expect(holds(rule, { event: { payer: { account: 'acc-8' } } })).toBe(false)
  expect(holds(rule, { event: { payer: { account: 'acc-9' }, time: '1969-01-01T00:00:00Z' } })).toBe(false)
})

test('what the event lacks is in no list, group or block', () => {
  for (const place of ["list('mules')", "group('gambling')", "cidr('0.0.0.0/0')"]) {
    expect(holds(`device.ip in ${place}`)).toBe(false)
    expect(holds(`!(device.ip in ${place})`)).toBe(true)
    expect(holds(`attributes['ip'] in ${place}`, { event: { attributes: { ip: 5 } } })).toBe(false)
  }
})

test('merchant categories are asked for by the name of their group', () => {
  const mcc = (code: string) => ({ event: { payee: { mcc: code } } })
  expect(holds("payee.mcc in group('gambling')", mcc('7995'))).toBe(true)
  expect(holds("payee.mcc in group('gambling')", mcc('5411'))).toBe(false)
  expect(holds("payee.mcc in group('travel')", mcc('3001'))).toBe(true)
  expect(holds("payee.mcc in group('travel')", mcc('4000'))).toBe(false)
})

test('no merchant category is in two of the built-in groups', () => {
  const groups = Object.values(MCC_GROUPS).map(createGroup)
  for (let code = 0; code < 10_000; code++) {
    const text = String(code).padStart(4, '0')
    expect(groups.filter((has) => has(text)).length, text).toBeLessThan(2)
  }
})

test('a range holds what begins with digits within it, a value only itself', () => {
  const has = createGroup(['411111', '420000-420999'])
  const found = ['411111', '41111122', '420000', '42099999', '421000', '42', '420x00', '']
  expect(found.map(has)).toEqual([true, false, true, true, false, false, false, false])
  expect(groupItemProblem('42-420')).toMatch(/same number of digits/)
  expect(groupItemProblem('421-420')).toMatch(/ends before it begins/)
  expect(groupItemProblem('AT-13')).toBeNull()
})

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['128.0.0.0/1', '255.255.255.255', true],
  ['0.0.0.0/0', '203.0.113.7', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '203.0.113.7', false],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['10.0.0.0/8', 'no address', false],
])('%s has %s: %s', (block, address, expected) => {
  const parsed = parseBlock(block)
  expect(parsed.ok && parsed.has(address)).toBe(expected)
})
