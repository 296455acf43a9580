// One file of rules: YAML → definitions, with every problem at its line.
import { z } from 'zod'
import { childOf, oneOf, textField } from './file-schema.ts'
import { ruleBreakerSchema } from './rule-breaker.ts'
import { ACTIONS, DEFAULT_CUSTOMER_TEXT, OVERRIDES, RULE_MODES, type RuleDefinition } from './rule-set.ts'
import { readableSections, sectionKeys, type Sections, sectionShape } from './sections.ts'
import { readYaml, type YamlPath } from './yaml-file.ts'

const ruleShape = z.strictObject(
  {
    id: textField().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
      error: ({ input }) =>
        `must be words in small letters with hyphens, such as card-testing-burst, and is "${input}"`,
    }),
    description: textField()
      .min(1, 'must say what the rule finds, and why its thresholds are as they are')
      .describe('What the rule finds, and why its thresholds are as they are; analysts read it in decisions'),
    when: textField('must be an expression').describe(
      'A condition in CEL; docs/expressions.md lists fields, functions and windows',
    ),
    action: oneOf(ACTIONS).optional().describe('The strictest action of all rules that fire wins'),
    weight: z
      .int('must be a whole number')
      .min(-1_000, 'must be from -1000 to 1000')
      .max(1_000, 'must be from -1000 to 1000')
      .refine((weight) => weight !== 0, 'must not be 0: it would add nothing')
      .optional()
      .describe('What the rule adds to the sum that the thresholds judge'),
    override: oneOf(OVERRIDES)
      .optional()
      .describe('Of an allow rule: the strictest action that it sets aside'),
    reason: textField().regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, {
      error: ({ input }) =>
        `must be words in capitals with underscores, such as CARD_TESTING, and is "${input}"`,
    }),
    source: textField().min(1, 'must say where the thresholds come from').optional(),
    runbook: textField()
      .regex(
        /^(https:\/\/\S+|[\w./-]+\.md(#[\w-]+)?)$/,
        'must be a link to a page, such as docs/rule-runbooks.md#transfers',
      )
      .optional(),
    mode: oneOf(RULE_MODES)
      .default('live')
      .describe('shadow is recorded and never acts; canary acts for a share of payers; live acts'),
    breaker: ruleBreakerSchema.optional(),
    percent: z.number('must be a number').gt(0, 'must be above 0').max(100, 'must be at most 100').optional(),
  },
  'must be a rule: id, description, when, action, reason',
)
const ruleSchema = ruleShape.superRefine((rule, context) => {
  for (const [key, message] of outcomeProblems(rule))
    context.addIssue({ code: 'custom', path: [key], message })
  if (rule.mode === 'canary' && rule.percent === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['mode'],
      message: 'canary needs percent, such as "percent: 5"',
    })
  }
  if (rule.mode !== 'canary' && rule.percent !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['percent'],
      message: `is for "mode: canary"; the mode is ${rule.mode}`,
    })
  }
})

/** Action, weight and override belong together in few ways. */
function outcomeProblems({ action, weight, override }: z.infer<typeof ruleShape>): [string, string][] {
  if (action === undefined && weight === undefined) {
    return [['action', 'is missing: give the rule an action, or a weight that adds to a sum']]
  }
  if (action !== 'allow') {
    return override === undefined
      ? []
      : [['override', `is for "action: allow"; the action is ${action ?? 'missing'}`]]
  }
  const problems: [string, string][] = []
  if (override === undefined) {
    const help = 'the strictest action that this rule sets aside, such as "override: challenge"'
    problems.push(['action', `allow needs override, ${help}`])
  }
  if (weight !== undefined) problems.push(['weight', 'is of no use to "action: allow": leave it out'])
  return problems
}

/** What a file of the rules folder may hold. */
export const ruleFileSchema = z
  .strictObject(
    {
      rules: z
        .array(ruleSchema, 'must be a list of rules, each beginning with "- id:"')
        .min(1, 'holds no rule')
        .optional(),
      ...sectionShape,
    },
    'must hold "rules:" and a list of rules',
  )
  .refine((file) => Object.keys(file).length > 0, 'must hold "rules:" and a list of rules')

export type RuleFileContent = z.infer<typeof ruleFileSchema>

const RULE_KEYS = Object.keys(ruleShape.shape)

/** A rule as far as it can be read: what is wrong elsewhere in a rule must not hide what is wrong with its expression. */
export interface RuleDraft {
  readonly id: string | null
  readonly when: string | null
}

export interface RuleFile {
  /** One for each item of the list. */
  readonly drafts: readonly RuleDraft[]
  /** One for each draft; empty when there are problems. */
  readonly definitions: readonly RuleDefinition[]
  /** What the file says besides rules, as far as it can be read. */
  readonly sections: Sections
  /** Adds a problem with one of the rules, at its key. `offset` counts in the text that stands there. */
  report(index: number, key: keyof RuleDefinition, message: string, offset?: number): void
  /** Adds a problem with anything else in the file. */
  reportAt(path: YamlPath, message: string, offset?: number): void
  problems(): string[]
  /** The same with the lines that they are about. */
  excerpts(): string[]
  /** `file:line:column` of a rule's id. */
  location(index: number): string
  /** `file:line:column` of anything else. */
  locationAt(path: YamlPath): string
  /** `file:line:column` of the character at this offset of a rule's `when`. */
  placeOf(index: number, offset: number): string
}

/** Parses a rule file; `file` is its name in messages. */
export function parseRuleFile(file: string, text: string): RuleFile {
  const yaml = readYaml<RuleFileContent>({
    file,
    text,
    schema: ruleFileSchema,
    label: ruleLabel,
    keys: (path) => (path[0] === 'rules' ? RULE_KEYS : sectionKeys(path)),
  })
  const items = childOf(yaml.content, 'rules')
  return {
    drafts: (Array.isArray(items) ? items : []).map((item: unknown) => ({
      id: textIn(item, 'id'),
      when: textIn(item, 'when'),
    })),
    definitions: (yaml.value?.rules ?? []).map(({ breaker, ...rule }) => ({
      ...rule,
      ...(breaker === undefined ? {} : { breaker }),
      action: rule.action ?? null,
      weight: rule.weight ?? null,
      override: rule.override ?? null,
      customer: DEFAULT_CUSTOMER_TEXT,
      percent: rule.percent ?? null,
      source: rule.source ?? null,
      runbook: rule.runbook ?? null,
    })),
    sections: readableSections(yaml.content),
    report: (index, key, message, offset) => yaml.report(['rules', index, key], message, offset),
    reportAt: (path, message, offset) => yaml.report(path, message, offset),
    problems: () => yaml.problems(),
    excerpts: () => yaml.excerpts(),
    location: (index) => yaml.location(['rules', index, 'id']),
    locationAt: (path) => yaml.location(path),
    placeOf: (index, offset) => yaml.location(['rules', index, 'when'], offset),
  }
}

/** The id of the rule that the path leads to, as far as it can be known. */
function ruleLabel(content: unknown, [top, index]: YamlPath): string {
  if (top !== 'rules' || typeof index !== 'number') return ''
  return textIn(childOf(childOf(content, 'rules'), index), 'id') ?? `rule ${index + 1}`
}

function textIn(parent: unknown, key: string): string | null {
  const value = childOf(parent, key)
  return typeof value === 'string' ? value : null
}
