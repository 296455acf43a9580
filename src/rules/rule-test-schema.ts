// What a file of rule tests may hold.
import { z } from 'zod'
import { paymentEventSchema } from '../payment/event.ts'
import { MISSING } from '../errors.ts'
import { parseDuration } from './duration.ts'
import { oneOf, textField } from './file-schema.ts'
import { ACTIONS, type Action } from './rule-set.ts'
import type { YamlPath } from './yaml-file.ts'

/** What must be true after an event. What is absent is not looked at. */
export interface Expectation {
  readonly action?: Action | undefined
  /** Reason codes of the rules that act: these and no others, in any order. */
  readonly reasons?: readonly string[] | undefined
  /** Ids of rules that must fire, whether they act or not. */
  readonly fires?: readonly string[] | undefined
  /** Ids of rules that must not fire. */
  readonly silent?: readonly string[] | undefined
}

/** A Monday, at noon UTC. */
const START = '2026-03-02T12:00:00Z'
const MOST_REPETITIONS = 10_000

const duration = z
  .string({ error: 'must be a length of time, such as 90s, 10m or 2h30m' })
  .transform((text, context) => {
    const ms = parseDuration(text)
    if (ms !== null) return ms
    context.addIssue({
      code: 'custom',
      message: `must be a length of time, such as 90s, 10m or 2h30m, and is "${text}"`,
    })
    return z.NEVER
  })

const names = z.array(z.string(), 'must be a list, such as [CARD_TESTING]')
const expectation = z
  .strictObject({
    action: oneOf(ACTIONS).optional(),
    reasons: names.optional(),
    fires: names.optional(),
    silent: names.optional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'has nothing: give action, reasons, fires or silent')

/** `at` counts from the test's start, `after` from the event before. All other keys are fields of the event. */
const step = z.looseObject({
  /** Makes the step a label instead of an event: for the event `of` (`event-1` is the first), or the one before. */
  label: oneOf(['fraud', 'genuine']).optional(),
  of: z.string().optional(),
  at: duration.optional(),
  after: duration.optional(),
  repeat: z
    .int('must be a whole number')
    .min(1, `must be from 1 to ${MOST_REPETITIONS}`)
    .max(MOST_REPETITIONS, `must be from 1 to ${MOST_REPETITIONS}`)
    .default(1),
  every: duration.optional(),
  score: z.number('must be a number from 0 to 1').min(0).max(1).optional(),
  /** What this event must be decided without. */
  degraded: z.array(oneOf(MISSING), 'must be a list, such as [journals]').optional(),
  expect: expectation.optional(),
})

const startTime = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-03-02T12:00:00Z' })
const test = z.strictObject({
  name: textField().min(1, 'must say what the test shows'),
  start: startTime.default(START),
  /** What lists hold in this test, by their names. */
  lists: z
    .record(z.string(), z.array(z.string(), 'must be a list of values, such as [account-1]'))
    .default({}),
  events: z.array(step, 'must be a list of events').min(1, 'holds no event'),
  expect: expectation.optional(),
})
export const testFileSchema = z.strictObject(
  {
    defaults: z.record(z.string(), z.unknown()).default({}),
    tests: z.array(test, 'must be a list of tests').min(1, 'holds no test'),
  },
  'must hold "tests:" and a list of tests',
)

export type TestFile = z.infer<typeof testFileSchema>
export type Step = z.infer<typeof step>

/** Keys that are allowed at this path of a test file. */
export function testKeysAt(path: YamlPath): readonly string[] {
  if (path.length === 0) return Object.keys(testFileSchema.shape)
  if (path.at(-1) === 'expect') return Object.keys(expectation.shape)
  return path.length === 2
    ? Object.keys(test.shape)
    : [...Object.keys(step.shape), ...Object.keys(paymentEventSchema.shape)]
}
