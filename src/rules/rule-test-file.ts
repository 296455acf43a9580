// Rule tests as their authors write them: `*.test.yaml` beside the rules. Every problem of every file is found at once.
import { readFileSync } from 'node:fs'
import { AppError, type Missing } from '../errors.ts'
import { suggestion } from '../nearest.ts'
import type { Label, PaymentEvent } from '../payment/event.ts'
import { childOf } from './file-schema.ts'
import { filesIn } from './load-rules.ts'
import type { RuleSet } from './rule-set.ts'
import { isObject, makeEvent, makeLabel, type PartialEvent } from './rule-test-events.ts'
import { type Expectation, type Step, type TestFile, testFileSchema, testKeysAt } from './rule-test-schema.ts'
import { readYaml, type YamlFile, type YamlPath } from './yaml-file.ts'

export interface EventStep {
  readonly event: PaymentEvent
  readonly timeMs: number
  /** What the score stage would say; NaN when it would say nothing. */
  readonly score: number
  /** What the event is decided without. */
  readonly degraded: readonly Missing[]
}

/** One event or label on the virtual clock. */
export type TestStep = EventStep | { readonly label: Label; readonly timeMs: number }

export interface RuleTest {
  readonly name: string
  /** `file:line:column`. */
  readonly location: string
  /** What lists hold, by their names. */
  readonly lists: Readonly<Record<string, readonly string[]>>
  /** In the order in which they arrive. */
  readonly steps: readonly TestStep[]
  /** Expectations by index of the step after which they must be met. */
  readonly expectations: ReadonlyMap<number, Expectation>
}

/** Loads every `*.test.yaml` of the folder. `currency` is the default of events. Throws RULES_INVALID with every problem. */
export function loadRuleTests(dir: string, rules: RuleSet, currency: string): RuleTest[] {
  const tests: RuleTest[] = []
  const problems: string[] = []
  for (const path of filesIn(dir, 'tests')) {
    const parsed = parseRuleTests({ file: path, text: readFileSync(path, 'utf8'), rules, currency })
    tests.push(...parsed.tests)
    problems.push(...parsed.problems)
  }
  if (problems.length > 0) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    throw new AppError('RULES_INVALID', `${count} in the rule tests in ${dir}`, { problems })
  }
  return tests
}

export interface ParseOptions {
  readonly file: string
  readonly text: string
  /** The rules that are tested, to know ids and reasons. */
  readonly rules: RuleSet
  readonly currency: string
}

/** Parses one test file. When there are problems, the tests are not to be run. */
export function parseRuleTests(options: ParseOptions): { tests: RuleTest[]; problems: string[] } {
  const yaml = readYaml({
    file: options.file,
    text: options.text,
    schema: testFileSchema,
    label: testLabel,
    keys: testKeysAt,
  })
  const { value } = yaml
  const tests = (value?.tests ?? []).map((item, index): RuleTest => {
    const context = { yaml, path: ['tests', index], options, defaults: value?.defaults ?? {} }
    const timeline = layOut(item.events, Date.parse(item.start))
    const expectations = expectationsOf(item, timeline, context)
    return {
      name: item.name,
      lists: item.lists,
      location: yaml.location(context.path),
      steps: buildSteps(timeline, context),
      expectations,
    }
  })
  return { tests, problems: yaml.excerpts() }
}

interface TestContext {
  readonly yaml: YamlFile<TestFile>
  readonly path: YamlPath
  readonly options: ParseOptions
  readonly defaults: PartialEvent
}

/** One repetition of one step. */
interface Moment {
  readonly step: Step
  readonly index: number
  readonly repetition: number
  readonly timeMs: number
}

function layOut(steps: readonly Step[], startMs: number): Moment[] {
  const moments: Moment[] = []
  let lastMs = startMs
  for (const [index, step] of steps.entries()) {
    const firstMs = step.at === undefined ? lastMs + (step.after ?? 0) : startMs + step.at
    for (let n = 0; n < step.repeat; n++) {
      lastMs = firstMs + n * (step.every ?? 0)
      moments.push({ step, index, repetition: n + 1, timeMs: lastMs })
    }
  }
  return moments
}

function buildSteps(timeline: readonly Moment[], context: TestContext): TestStep[] {
  const events: PaymentEvent[] = []
  const steps: TestStep[] = []
  for (const moment of timeline) {
    const { step, index, timeMs } = moment
    if (step.label !== undefined) {
      const labelled = step.of === undefined ? events.at(-1) : events.find(({ id }) => id === step.of)
      const of = step.of ?? 'an event before it'
      if (labelled !== undefined)
        steps.push({ label: makeLabel(labelled, step.label, `label-${steps.length}`, timeMs), timeMs })
      else
        context.yaml.report([...context.path, 'events', index], `the label is for ${of}, which there is not.`)
      continue
    }
    const event = buildEvent(moment, events.length + 1, context)
    if (event === null) continue
    events.push(event)
    steps.push({ event, timeMs, score: step.score ?? Number.NaN, degraded: step.degraded ?? [] })
  }
  return steps
}

/** Null when the event is wrong, after saying why. */
function buildEvent(
  moment: Moment,
  number: number,
  { yaml, path, options, defaults }: TestContext,
): PaymentEvent | null {
  const { step, index, repetition, timeMs } = moment
  const {
    at: _at,
    after: _after,
    repeat: _repeat,
    every: _every,
    score: _score,
    degraded: _degraded,
    expect: _expect,
    of: _of,
    ...fields
  } = step
  const occasion = { id: `event-${number}`, timeMs, repetition, currency: options.currency }
  const made = makeEvent([defaults, fields], occasion)
  if (made.ok) return made.value
  // The next repetitions have the same mistakes.
  if (repetition === 1) for (const problem of made.problems) yaml.report([...path, 'events', index], problem)
  return null
}

/** An event's expectation is about its last repetition, a test's about the last step. */
function expectationsOf(
  item: TestFile['tests'][number],
  timeline: readonly Moment[],
  context: TestContext,
): Map<number, Expectation> {
  const expectations = new Map<number, Expectation>()
  const { yaml, path, options } = context
  const expect = (at: number, expectation: Expectation, place: YamlPath): void => {
    if (timeline[at]?.step.label !== undefined) {
      yaml.report([...path, ...place], 'nothing is decided about a label: expect something of an event.')
    }
    checkNames(expectation, [...path, ...place], yaml, options.rules)
    expectations.set(at, { ...expectations.get(at), ...expectation })
  }
  for (const [at, { step, index, repetition }] of timeline.entries()) {
    if (step.expect !== undefined && repetition === step.repeat)
      expect(at, step.expect, ['events', index, 'expect'])
  }
  if (item.expect !== undefined) expect(timeline.length - 1, item.expect, ['expect'])
  if (expectations.size === 0)
    yaml.report(path, 'expects nothing: give the test or one of its events "expect:".')
  return expectations
}

function checkNames(
  expectation: Expectation,
  path: YamlPath,
  yaml: YamlFile<TestFile>,
  { rules }: RuleSet,
): void {
  const ids = new Set(rules.map((rule) => rule.id))
  const codes = new Set(rules.map((rule) => rule.reason))
  const check = (key: 'reasons' | 'fires' | 'silent', known: ReadonlySet<string>, what: string): void => {
    for (const [i, name] of (expectation[key] ?? []).entries()) {
      if (!known.has(name))
        yaml.report([...path, key, i], `there is no ${what} ${name}.${suggestion(name, known)}`)
    }
  }
  check('reasons', codes, 'rule with the reason')
  check('fires', ids, 'rule')
  check('silent', ids, 'rule')
}

/** The name of the test that the path leads to. */
function testLabel(content: unknown, [top, index]: YamlPath): string {
  if (top !== 'tests' || typeof index !== 'number') return ''
  const found = childOf(childOf(content, 'tests'), index)
  const name = isObject(found) ? found['name'] : undefined
  return typeof name === 'string' ? `"${name}"` : `test ${index + 1}`
}
