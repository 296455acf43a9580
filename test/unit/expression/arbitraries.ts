// Generated expressions and events. An expression has two spellings: ours, and the library's where it means something else.
import * as fc from 'fast-check'
import type { ExpressionView } from '../../../src/expression/view.ts'
import type { PaymentEvent } from '../../../src/payment/event.ts'
import { CHANNELS, EVENT_TYPES, OUTCOMES } from '../../../src/payment/event.ts'
import { DEGRADATIONS } from '../../../src/expression/functions.ts'
import { DEFINITIONS, GROUPS, LISTS } from './cel-oracle.ts'
import { COUNTERPARTS, ENTITY_TYPES, RECORD_KINDS } from '../../../src/velocity/entity.ts'

export interface Expression {
  readonly ours: string
  readonly library: string
}

const same = (text: string): Expression => ({ ours: text, library: text })
const join = (parts: readonly Expression[], write: (parts: string[]) => string): Expression => ({
  ours: write(parts.map(({ ours }) => ours)),
  library: write(parts.map(({ library }) => library)),
})
const literal = (...texts: readonly string[]): fc.Arbitrary<Expression> => fc.constantFrom(...texts.map(same))
const quote = (text: string): string => JSON.stringify(text)

const TEXTS = ['', 'a', 'A', 'AT', 'DE', 'abc', 'Abc-1', 'approved', 'card', 'zz9', '12']
const ADDRESSES = [
  '10.1.2.3',
  '11.0.0.1',
  '255.255.255.255',
  '2001:db8::1',
  '::ffff:10.0.0.1',
  'fe80::1',
  '::',
]
const BLOCKS = [
  '10.0.0.0/8',
  '0.0.0.0/0',
  '10.1.2.3/32',
  '2001:db8::/33',
  '::/0',
  'fe80::/10',
  '2001:db8::1/128',
]
const PATTERNS = [
  '^a',
  '[A-C]+$',
  'b.*1',
  '^(a|zz)[0-9]?$',
  'x*',
  '^$',
  '(ab|A)c?b',
  '[^a-z]{2}',
  '\\d{1,2}$',
]
const LENGTHS = ['90s', '10m', '1h', '7d', '30d']

const kind = fc.constantFrom('', ...Object.keys(RECORD_KINDS).map((name) => `, ${name}`))
const window: fc.Arbitrary<Expression> = fc
  .record({
    fn: fc.constantFrom(
      'count',
      'sum',
      'mean',
      'min',
      'max',
      'stddev',
      'distinct',
      'first_seen',
      'last_seen',
      'distance',
      'speed',
      'rate',
    ),
    entity: fc.constantFrom(...ENTITY_TYPES),
    counterpart: fc.nat(3),
    length: fc.constantFrom(...LENGTHS),
    kind,
    label: fc.constantFrom('fraud', 'genuine'),
    delay: fc.constantFrom('', ", '1d'", ", '90m'"),
  })
  .map(({ fn, entity, counterpart, length, kind, label, delay }) => {
    if (fn.endsWith('_seen')) return same(`${fn}(${entity}${kind})`)
    const isLabel = kind.endsWith('fraud') || kind.endsWith('genuine')
    const plain = isLabel ? '' : kind
    if (fn === 'distance' || fn === 'speed') return same(`${fn}(${entity}${plain})`)
    if (fn === 'rate') return same(`rate(${entity}, '${length}', ${label}${delay})`)
    if (fn === 'count') return same(`count(${entity}, '${length}'${kind}${delay})`)
    if (fn !== 'distinct') return same(`${fn}(${entity}, '${length}'${plain}${delay})`)
    const counted = COUNTERPARTS[entity][counterpart]
    return same(`distinct(${entity}, ${counted}, '${length.endsWith('d') ? '20h' : length}'${plain})`)
  })

const ZONES = ['Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia', 'UTC']
const local: fc.Arbitrary<Expression> = fc
  .tuple(fc.constantFrom('local_hour', 'local_weekday'), fc.constantFrom('payer', 'payee'))
  .map(([fn, who]) => ({ ours: `${fn}(${who})`, library: `local_time('${who}', '${fn}')` }))

/** Depths are bounded so that no whole number leaves the range where a double is exact. */
const int: (depth: number) => fc.Arbitrary<Expression> = fc.memo((depth) => {
  const leaf = literal(
    '0',
    '1',
    '7',
    '50',
    '-3',
    'hour',
    'weekday',
    'amount_minor',
    "size('äb')",
    'payer.country.size()',
  )
  if (depth <= 1) return leaf
  const smaller = int(depth - 1)
  return fc.oneof(
    leaf,
    named('late_hour'),
    local,
    binary(smaller, smaller, '+', '-', '*', '/', '%'),
    smaller.map((part) => join([part], ([a]) => `(-${a})`)),
    // The library reads "" as 0; to us it is a missing text, and so unknown.
    literal("int('12')", "int('-7')", "int('abc')", 'int(currency)', "int('1.5')"),
    double(1).map((part) => join([part], ([a]) => `int(${a})`)),
    fc
      .tuple(text(1), fc.constantFrom('indexOf', 'lastIndexOf'), text(1))
      .map(([a, method, b]) => join([a, b], ([x, y]) => `(${x}).${method}(${y})`)),
  )
})

const double: (depth: number) => fc.Arbitrary<Expression> = fc.memo((depth) => {
  const leaf = fc.oneof(
    literal('0.0', '1.0', '1.5', '7.0', '-2.25', '1e3', 'amount', 'score', 'device.geo.lat'),
    window,
    named('twice'),
  )
  if (depth <= 1) return leaf
  const smaller = double(depth - 1)
  const mixed = fc.oneof(smaller, int(2))
  return fc.oneof(
    leaf,
    binary(smaller, mixed, '+', '-', '*', '/'),
    binary(mixed, smaller, '+', '-', '*', '/'),
    smaller.map((part) => join([part], ([a]) => `(-${a})`)),
    fc
      .tuple(
        fc.constantFrom('abs', 'floor', 'ceil', 'ln', 'log10', 'sqrt', 'minutes', 'hours', 'days', 'double'),
        mixed,
      )
      .map(([fn, part]) => join([part], ([a]) => `${fn}(${a})`)),
    fc
      .tuple(fc.constantFrom('least', 'greatest'), mixed, mixed)
      .map(([fn, a, b]) => join([a, b], (parts) => `${fn}(${parts.join(', ')})`)),
    ternary(bool(depth - 1), smaller, smaller),
  )
})

/** Mostly one that a text has: elsewhere the library has an error. */
const position: fc.Arbitrary<Expression> = literal(
  '0',
  '1',
  '2',
  'weekday',
  '-1',
  "payer.country.indexOf('E')",
)

const text: (depth: number) => fc.Arbitrary<Expression> = fc.memo((depth) => {
  const leaf = fc.oneof(
    fc.constantFrom(...TEXTS).map((value) => same(quote(value))),
    literal(
      'id',
      'currency',
      'payer.account',
      'payer.country',
      'payee.mcc',
      'device.id',
      'instrument.issuerCountry',
    ),
    named('home'),
  )
  if (depth <= 1) return leaf
  const smaller = text(depth - 1)
  return fc.oneof(
    leaf,
    binary(smaller, smaller, '+'),
    smaller.chain((part) =>
      fc
        .constantFrom('lowerAscii', 'upperAscii', 'trim')
        .map((method) => join([part], ([a]) => `(${a}).${method}()`)),
    ),
    fc
      .tuple(smaller, position)
      .map(([part, from]) => join([part, from], ([a, b]) => `(${a}).substring(${b})`)),
    fc
      .tuple(smaller, position, position)
      .map((parts) => join(parts, ([a, b, c]) => `(${a}).substring(${b}, ${c})`)),
    ternary(bool(depth - 1), smaller, smaller),
  )
})

const attributeName = fc.constantFrom('n', 't', 'b', 'missing', 'toString', '__proto__')
const dyn: fc.Arbitrary<Expression> = attributeName.map((name) => same(`attributes['${name}']`))

export const bool: (depth: number) => fc.Arbitrary<Expression> = fc.memo((depth) => {
  const leaf = fc.oneof(
    literal(
      'true',
      'false',
      "(type == 'transfer')",
      "(channel in ['pos', 'atm'])",
      "(outcome != 'declined')",
    ),
    fc
      .constantFrom('payer.account', 'device.ip', 'device.id')
      .map((path) => ({ ours: `has(${path})`, library: `known(${path})` })),
  )
  if (depth <= 1) return leaf
  const smaller = bool(depth - 1)
  const number = fc.oneof(int(2), double(depth - 1))
  return fc.oneof(
    leaf,
    binary(smaller, smaller, '&&', '||', '==', '!='),
    smaller.map((part) => join([part], ([a]) => `!(${a})`)),
    ternary(smaller, smaller, smaller),
    binary(number, number, '<', '<=', '>', '>=', '=='),
    binary(fc.oneof(int(1), double(1)), fc.oneof(int(1), double(1)), '<', '<=', '>', '>=', '=='),
    fc.tuple(number, number).map(([a, b]) => ({
      ours: `((${a.ours}) != (${b.ours}))`,
      library: `differs(${a.library}, ${b.library})`,
    })),
    binary(text(2), text(2), '<', '<=', '>', '>=', '==', '!='),
    fc.oneof(number, text(2)).map((part) => join([part], ([a]) => `known(${a})`)),
    dyn.map((part) => join([part], ([a]) => `known(${a})`)),
    binary(dyn, fc.oneof(number, text(1)), '<', '<=', '>', '>=', '=='),
    binary(fc.oneof(number, text(1)), dyn, '<', '<=', '>', '>='),
    binary(int(2), fc.constantFrom('[1, 2, 50]', '[hour, 7]', '[1.5, 7.0]').map(same), 'in'),
    binary(double(2), fc.constantFrom('[1.5, 1000.0]', '[1, 2]', '[amount, 0.0]').map(same), 'in'),
    binary(dyn, fc.constantFrom('[1, 7]', '[1.5, 7.0]', "['a', 'DE']", '[true]').map(same), 'in'),
    binary(text(2), fc.constantFrom("['a', 'DE']", '[currency, id]').map(same), 'in'),
    fc
      .tuple(text(2), fc.constantFrom('startsWith', 'endsWith', 'contains'), text(2))
      .map(([a, method, b]) => join([a, b], ([x, y]) => `(${x}).${method}(${y})`)),
    fc
      .tuple(text(2), fc.constantFrom(...PATTERNS))
      .map(([a, pattern]) => join([a], ([x]) => `(${x}).matches(${quote(pattern)})`)),
    attributeName.map((name) => same(`('${name}' in attributes)`)),
    membership('group', text(2), Object.keys(GROUPS)),
    membership('list', fc.oneof(text(2), dyn), Object.keys(LISTS)),
    membership('cidr', fc.oneof(literal('device.ip', ...ADDRESSES.map(quote)), text(1)), BLOCKS),
    named('is_small'),
    fc.constantFrom(...DEGRADATIONS).map((what) => same(`degraded('${what}')`)),
  )
})

export const number: fc.Arbitrary<Expression> = fc.oneof(int(2), double(3))

function membership(
  fn: 'group' | 'list' | 'cidr',
  value: fc.Arbitrary<Expression>,
  names: readonly string[],
): fc.Arbitrary<Expression> {
  return fc.tuple(value, fc.constantFrom(...names)).map(([{ ours, library }, name]) => ({
    ours: `(${ours} in ${fn}('${name}'))`,
    library: `in_${fn}(${library}, '${name}')`,
  }))
}

function named(name: keyof typeof DEFINITIONS): fc.Arbitrary<Expression> {
  return fc.constant({ ours: name, library: `(${DEFINITIONS[name]})` })
}

function binary(
  left: fc.Arbitrary<Expression>,
  right: fc.Arbitrary<Expression>,
  ...operators: string[]
): fc.Arbitrary<Expression> {
  return fc
    .tuple(left, fc.constantFrom(...operators), right)
    .map(([a, operator, b]) => join([a, b], ([x, y]) => `(${x} ${operator} ${y})`))
}

function ternary(
  condition: fc.Arbitrary<Expression>,
  yes: fc.Arbitrary<Expression>,
  no: fc.Arbitrary<Expression>,
): fc.Arbitrary<Expression> {
  return fc.tuple(condition, yes, no).map((parts) => join(parts, ([a, b, c]) => `(${a} ? ${b} : ${c})`))
}

const someText = fc.option(fc.constantFrom(...TEXTS.slice(1)), { nil: undefined })
/** Few values, which literals have too, so that boundaries are met often. */
const amount = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 1.5, 7, 50) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1e6, noNaN: true }) },
)
const maybeUnknown = fc.oneof(
  { weight: 4, arbitrary: amount },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
)

/** Events with anything that may be missing missing now and then; `windows` long enough for every generated slot. */
export const view: fc.Arbitrary<ExpressionView> = fc
  .record({
    type: fc.constantFrom(...EVENT_TYPES),
    channel: fc.option(fc.constantFrom(...CHANNELS), { nil: undefined }),
    outcome: fc.option(fc.constantFrom(...OUTCOMES), { nil: undefined }),
    account: someText,
    country: someText,
    device: fc.option(
      fc.record({
        id: someText,
        ip: fc.oneof(someText, fc.constantFrom(...ADDRESSES)),
        geo: fc.option(fc.record({ lat: amount, lon: amount }), { nil: undefined }),
      }),
      { nil: undefined },
    ),
    timeZone: fc.constantFrom(...ZONES),
    payee: fc.option(fc.record({ mcc: someText, timeZone: fc.constantFrom(...ZONES) }), { nil: undefined }),
    issuerCountry: someText,
    attributes: fc.option(
      fc.record({ n: amount, t: fc.constantFrom(...TEXTS), b: fc.boolean() }, { requiredKeys: [] }),
      { nil: undefined },
    ),
    timeMs: fc
      .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.getTime()),
    amountMinor: fc.constantFrom(0, 1, 7, 50, 999),
    amount: maybeUnknown,
    score: maybeUnknown,
    degraded: fc.subarray(['journals', 'journals:incomplete', 'late:card', 'model', 'rate:XAF']),
    windows: fc.array(maybeUnknown, { minLength: 1, maxLength: 12 }),
  })
  .map((parts): ExpressionView => {
    const event: PaymentEvent = {
      id: 'abc',
      type: parts.type,
      time: new Date(parts.timeMs).toISOString(),
      amount: parts.amountMinor,
      currency: 'EUR',
      channel: parts.channel,
      outcome: parts.outcome,
      payer: { account: parts.account, country: parts.country, timeZone: parts.timeZone },
      device: parts.device,
      payee: parts.payee,
      instrument: { type: 'card', issuerCountry: parts.issuerCountry },
      attributes: parts.attributes,
    }
    const { windows } = parts
    return {
      event,
      timeMs: parts.timeMs,
      amount: parts.amount,
      score: parts.score,
      degraded: parts.degraded,
      windows: Float64Array.from({ length: 64 }, (_, slot) => windows[slot % windows.length] ?? Number.NaN),
    }
  })
