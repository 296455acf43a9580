// Runs rule tests and says of each expectation whether it was met, and of each rule whether the tests show both that it
// fires and that it does not.
import type { BatchEvent } from '../batch.ts'
import { decide } from '../decision/decide.ts'
import { createCoverage, type CoverageReport } from './coverage.ts'
import { formatDuration } from './duration.ts'
import type { Action, Rule, RuleSet } from './rule-set.ts'
import type { RuleTest } from './rule-test-file.ts'
import { type PlayOptions, playTest } from './rule-test-play.ts'
import type { Expectation } from './rule-test-schema.ts'
import { type RuleTrace, traceRule } from './trace.ts'

export interface RuleTestOptions extends PlayOptions {
  /** Milliseconds of a monotonic clock, for the time that tests take. */
  readonly clock: () => number
}

/** What an expectation met. */
export interface Check {
  /** Index of the step after which it was made. */
  readonly step: number
  /** Time since the test's first step, such as `10m`. */
  readonly at: string
  readonly expected: Expectation
  readonly action: Action
  /** Reason codes of acting rules, each once, strictest first. */
  readonly reasons: readonly string[]
  /** What differs; empty when the expectation was met. */
  readonly failures: readonly string[]
  /** Of every rule that fired or should have fired; for reading when something differs. */
  readonly traces: readonly RuleTrace[]
}

export interface RuleTestResult {
  readonly name: string
  readonly location: string
  readonly passed: boolean
  readonly durationMs: number
  readonly checks: readonly Check[]
}

/** A rule that the tests do not show to fire, or not to stay silent. */
export interface Untested {
  readonly rule: string
  readonly missing: 'fires' | 'silent'
}

export interface RuleTestReport {
  readonly results: readonly RuleTestResult[]
  readonly untested: readonly Untested[]
  readonly coverage: CoverageReport
  /** True when there was something to run, all of it passed, and no rule is untested. */
  readonly passed: boolean
}

const VERSIONS = { ruleSet: '', lists: 'none', model: null, rates: '' }

/** Runs all tests, one after another. A failing test is data; only a defect throws. */
export async function runRuleTests(
  tests: readonly RuleTest[],
  options: RuleTestOptions,
): Promise<RuleTestReport> {
  const { rules } = options
  const coverage = createCoverage(rules)
  const results: RuleTestResult[] = []
  for (const test of tests) {
    const startedAt = options.clock()
    const events = await playTest(test, options)
    for (const event of events) if (event !== null) coverage.observe(event)
    const startMs = test.steps[0]?.timeMs ?? 0
    const checks = [...test.expectations].flatMap(([step, expected]) => {
      const event = events[step] ?? null
      return event === null ? [] : [check(event, expected, { rules, startMs, step })]
    })
    const passed = checks.every(({ failures }) => failures.length === 0)
    results.push({
      name: test.name,
      location: test.location,
      passed,
      durationMs: options.clock() - startedAt,
      checks,
    })
  }
  const untested = findUntested(rules, results)
  const passed = results.length > 0 && untested.length === 0 && results.every((result) => result.passed)
  return { results, untested, coverage: coverage.report(), passed }
}

interface CheckContext {
  readonly rules: RuleSet
  readonly startMs: number
  readonly step: number
}

function check(event: BatchEvent, expected: Expectation, { rules, startMs, step }: CheckContext): Check {
  const decision = decide(event, { versions: VERSIONS, thresholds: rules.thresholds })
  const reasons = [...new Set(decision.reasons.map(({ code }) => code))]
  const fired = new Set(event.fired.map(({ id }) => id))
  const failures: string[] = []
  if (expected.action !== undefined && expected.action !== decision.action) {
    failures.push(`expected ${expected.action}, the action is ${decision.action}`)
  }
  if (expected.reasons !== undefined && !sameMembers(expected.reasons, reasons)) {
    failures.push(`expected the reasons [${expected.reasons.join(', ')}], they are [${reasons.join(', ')}]`)
  }
  for (const id of expected.fires ?? []) if (!fired.has(id)) failures.push(`${id} should have fired`)
  for (const id of expected.silent ?? []) if (fired.has(id)) failures.push(`${id} should not have fired`)
  const wanted = (rule: Rule): boolean =>
    (expected.fires ?? []).includes(rule.id) || (expected.reasons ?? []).includes(rule.reason)
  const traces = rules.rules
    .filter((rule) => fired.has(rule.id) || wanted(rule))
    .map((rule) => traceRule(rule, event))
  const at = formatDuration(event.timeMs - startMs)
  return { step, at, expected, action: decision.action, reasons, failures, traces }
}

function sameMembers(expected: readonly string[], actual: readonly string[]): boolean {
  const wanted = new Set(expected)
  return wanted.size === actual.length && actual.every((item) => wanted.has(item))
}

/**
 * A rule is shown to fire where it fired and its id or reason was expected, and to stay silent where its id was expected
 * to. Only expectations that were met count.
 */
function findUntested(rules: RuleSet, results: readonly RuleTestResult[]): Untested[] {
  const met = results.flatMap(({ checks }) => checks).filter(({ failures }) => failures.length === 0)
  return rules.rules.flatMap(({ id, reason }): Untested[] => {
    const fires = met.some(({ expected, traces }) => {
      const named = expected.fires?.includes(id) === true || expected.reasons?.includes(reason) === true
      return named && traces.some(({ rule, fired }) => rule === id && fired)
    })
    const silent = met.some(({ expected }) => expected.silent?.includes(id) === true)
    return [
      ...(fires ? [] : [{ rule: id, missing: 'fires' } as const]),
      ...(silent ? [] : [{ rule: id, missing: 'silent' } as const]),
    ]
  })
}
