// What judging an event costs: 50 rules whose windows are materialised, compiled closures against the library's evaluator;
// and the shipped rules over simulated payments. Fails when a bar is missed.
import { measure } from 'mitata'
import { loadRules } from '../../src/rules/load-rules.ts'
import type { Rule } from '../../src/rules/rule-set.ts'
import { createRuleSet } from '../../src/rules/rule-set.ts'
import { createWindowSet } from '../../src/velocity/window.ts'
import type { ExpressionView } from '../../src/expression/view.ts'
import { simulatedPayments } from '../unit/model/simulated-payments.ts'
import { createOracle } from '../unit/expression/cel-oracle.ts'
import { viewOf } from '../unit/expression/support.ts'
import { HORIZONS } from '../support/horizons.ts'

const RULES = 50
const EVENTS = 256
/** CPU microseconds an event. */
const BARS = { fifty: 6, shipped: 25 }
const SIMULATED = { seed: 7, customers: 500, events: 20_000, startMs: Date.UTC(2026, 2, 2) }

export async function run(): Promise<void> {
  const fifty = await benchFifty()
  const shipped = await benchShipped()
  const missed = [
    fifty > BARS.fifty ? `50 rules take ${fifty.toFixed(2)} µs, at most ${BARS.fifty} are allowed` : null,
    shipped > BARS.shipped
      ? `the shipped rules take ${shipped.toFixed(2)} µs, at most ${BARS.shipped} are allowed`
      : null,
  ].filter((line) => line !== null)
  if (missed.length > 0) throw new Error(missed.join('; '))
}

/** Microseconds that the shipped rules take for a simulated payment with its windows. */
async function benchShipped(): Promise<number> {
  const windows = createWindowSet()
  const rules = loadRules('rules', { windows, horizons: HORIZONS })
  const payments = await simulatedPayments({ ...SIMULATED, windows, batchRecords: () => 256 })
  let fired = 0
  const judge = (): void => {
    for (const payment of payments) fired += rules.evaluate(payment, 1).length
  }
  for (let i = 0; i < 20; i++) judge()
  fired = 0
  const times = 50
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) judge()
  const { user, system } = process.cpuUsage(before)
  const cost = (user + system) / (times * payments.length)
  const share = (fired / (times * payments.length)).toFixed(3)
  console.log(
    `  shipped rules       ${cost.toFixed(2)} µs a simulated payment (${rules.size} rules, ${share} fire)`,
  )
  return cost
}

/** Microseconds an event for the rules of this project, repeated to make 50. */
async function benchFifty(): Promise<number> {
  const windows = createWindowSet()
  // The library gets no lists, groups and time zones here: it is compared on what both can judge.
  const own = loadRules('rules', { windows, horizons: HORIZONS }).rules.filter(
    ({ when }) => !/\bin (list|group|cidr)\(|\blocal_/.test(when),
  )
  const rules = Array.from({ length: RULES }, (_, i): Rule => {
    const rule = own[i % own.length]!
    return { ...rule, id: `${rule.id}-${i}` }
  })
  const ruleSet = createRuleSet(rules)
  const events = Array.from({ length: EVENTS }, (_, i) => eventOf(i, windows.specs.length))
  const fired = events.map((event, i) => ruleSet.evaluate(event, i + 1).length)

  let next = 0
  const compiled = await measure(() => {
    const event = events[next++ % EVENTS]!
    return ruleSet.evaluate(event, next)
  })
  const oracle = createOracle(windows)
  const parsed = rules.map(({ when }) => oracle.parse(when))
  const contexts = events.map((event) => oracle.contextOf(event))
  const library = await measure(() => {
    const at = next++ % EVENTS
    const context = contexts[at]!
    oracle.look(events[at]!)
    return parsed.reduce((count, evaluate) => count + Number(evaluate(context) === true), 0)
  })
  const total = fired.reduce((sum, count) => sum + count, 0)
  console.log(
    `rules: ${RULES} rules, ${windows.specs.length} windows, ${(total / EVENTS).toFixed(2)} fire an event`,
  )
  console.log(`  compiled closures   ${micros(compiled.avg)} µs an event (p99 ${micros(compiled.p99)})`)
  console.log(`  cel-js's evaluator  ${micros(library.avg)} µs an event (p99 ${micros(library.p99)})`)
  return compiled.avg / 1_000
}

function micros(nanoseconds: number): string {
  return (nanoseconds / 1_000).toFixed(2)
}

/** Events of all types and sizes, mostly quiet, as real ones are: rules look at several conditions before they give up. */
function eventOf(i: number, windowCount: number): ExpressionView {
  const types = [
    'authorisation',
    'authorisation',
    'authorisation',
    'transfer',
    'withdrawal',
    'login',
    'refund',
  ] as const
  const channels = ['ecommerce', 'pos', 'app', 'atm'] as const
  const amount = ((i * 7_919) % 50_000) / 100
  return viewOf({
    event: {
      id: `event-${i}`,
      type: types[i % types.length]!,
      channel: channels[i % channels.length]!,
      amount: Math.round(amount * 100),
      outcome: 'pending',
      payer: { account: `account-${i}`, country: 'DE' },
      instrument: { type: 'card', token: `card-${i}`, issuerCountry: 'DE' },
      payee: { merchant: `merchant-${i % 20}`, country: i % 5 === 0 ? 'NL' : 'DE' },
      device: { id: `device-${i}`, ip: '203.0.113.7' },
    },
    amount,
    score: ((i * 31) % 1_000) / 1_000,
    windows: Float64Array.from({ length: windowCount }, (_, slot) => ((i + slot) * 37) % 11),
  })
}
