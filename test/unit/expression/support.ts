// Events and compilers for tests of expressions.
import {
  type CompiledCondition,
  type CompiledNumber,
  createCompiler,
} from '../../../src/expression/compiler.ts'
import { createGroup, MCC_GROUPS } from '../../../src/expression/groups.ts'
import type { Vocabulary } from '../../../src/expression/membership.ts'
import type { Scope } from '../../../src/expression/environment.ts'
import type { ExpressionView } from '../../../src/expression/view.ts'
import type { PaymentEvent } from '../../../src/payment/event.ts'
import { createWindowSet, type WindowSet } from '../../../src/velocity/window.ts'
import { HORIZONS } from '../../support/horizons.ts'

/** Groups and lists that tests can ask for. */
const VOCABULARY: Vocabulary = {
  groups: new Map([
    ['gambling', createGroup(MCC_GROUPS.gambling)],
    ['travel', createGroup(MCC_GROUPS.travel)],
    ['risky-bins', createGroup(['411111', '420000-420999'])],
  ]),
  lists: new Set(['mules']),
  hasEntry: (list, value, timeMs) => list === 'mules' && value === 'acc-9' && timeMs > 0,
}

export const RETENTION_MS = 35 * 86_400_000

/** Monday, 2 March 2026, 13:45 UTC. */
export const TIME = '2026-03-02T13:45:00Z'

export interface ViewParts {
  readonly event?: Partial<PaymentEvent>
  readonly amount?: number
  readonly score?: number
  readonly windows?: Float64Array
  readonly degraded?: readonly string[]
}

/** A transfer of 19.99 EUR, with what the test changes. */
export function viewOf(parts: ViewParts = {}): ExpressionView {
  const event: PaymentEvent = {
    id: 'event-1',
    type: 'transfer',
    time: TIME,
    amount: 1999,
    currency: 'EUR',
    payer: {},
    ...parts.event,
  }
  return {
    event,
    timeMs: Date.parse(event.time),
    amount: parts.amount ?? 19.99,
    windows: parts.windows ?? new Float64Array(64).fill(Number.NaN),
    score: parts.score ?? Number.NaN,
    degraded: parts.degraded ?? [],
  }
}

/** The compiled condition; fails the test when there are problems. */
export function condition(source: string, windows: WindowSet = createWindowSet()): CompiledCondition {
  const compiled = createCompiler({
    windows,
    scope: 'rule',
    horizons: HORIZONS,
    vocabulary: VOCABULARY,
  }).compile(source, 'bool')
  if (!compiled.ok) throw new Error(`${source}: ${compiled.problems.map(({ message }) => message).join(' ')}`)
  return compiled
}

export function holds(source: string, parts: ViewParts = {}): boolean {
  return condition(source).evaluate(viewOf(parts))
}

/** The value of a numeric expression. */
export function valueOf(source: string, parts: ViewParts = {}): number {
  const windows = createWindowSet()
  const compiled = createCompiler({
    windows,
    scope: 'rule',
    horizons: HORIZONS,
    vocabulary: VOCABULARY,
  }).compile(source, 'number')
  if (!compiled.ok) throw new Error(`${source}: ${compiled.problems.map(({ message }) => message).join(' ')}`)
  const number: CompiledNumber = compiled
  return number.evaluate(viewOf(parts))
}

/** What is certainly not meant by the source, as `column message`. */
export function lintOf(source: string): string[] {
  const compiler = createCompiler({ windows: createWindowSet(), scope: 'rule', horizons: HORIZONS })
  return compiler.lint(source).map(({ column, message }) => `${column} ${message}`)
}

/** What is wrong with the source, as `line:column message`. */
export function problemsOf(
  source: string,
  expected: 'bool' | 'number' = 'bool',
  scope: Scope = 'rule',
): string[] {
  const compiler = createCompiler({
    windows: createWindowSet(),
    scope,
    horizons: HORIZONS,
    vocabulary: VOCABULARY,
  })
  const compiled = expected === 'bool' ? compiler.compile(source, 'bool') : compiler.compile(source, 'number')
  return compiled.ok
    ? []
    : compiled.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
}
