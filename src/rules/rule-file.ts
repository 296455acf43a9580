// One file of rules: YAML → definitions, with every problem at its line.
import { z } from 'zod'
import { childOf, oneOf, textField } from './file-schema.ts'
import { ruleBreakerSchema } from './rule-breaker.ts'
import { ACTIONS, RULE_MODES, type RuleDefinition } from './rule-set.ts'
import { readYaml, type YamlPath } from './yaml-file.ts'

const ruleShape = z.strictObject(
  {
    id: textField().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
      error: ({ input }) =>
        `must be words in small letters with hyphens, such as card-testing-burst, and is "${input}"`,
    }),
    description: textField().min(1, 'must say what the rule finds, and why its thresholds are as they are'),
    when: textField('must be an expression'),
    action: oneOf(ACTIONS),
    reason: textField().regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, {
      error: ({ input }) =>
        `must be words in capitals with underscores, such as CARD_TESTING, and is "${input}"`,
    }),
    mode: oneOf(RULE_MODES).default('live'),
    breaker: ruleBreakerSchema.optional(),
    percent: z.number('must be a number').gt(0, 'must be above 0').max(100, 'must be at most 100').optional(),
  },
  'must be a rule: id, description, when, action, reason',
)
const ruleSchema = ruleShape.superRefine((rule, context) => {
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

const fileSchema = z.strictObject(
  {
    rules: z
      .array(ruleSchema, {
        error: ({ input }) =>
          input === undefined ? 'is missing' : 'must be a list of rules, each beginning with "- id:"',
      })
      .min(1, 'holds no rule'),
  },
  'must hold "rules:" and a list of rules',
)

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
  /** Adds a problem with one of the rules, at its key. `offset` counts in the text that stands there. */
  report(index: number, key: keyof RuleDefinition, message: string, offset?: number): void
  problems(): string[]
  /** `file:line:column` of a rule's id. */
  location(index: number): string
}

/** Parses a rule file; `file` is its name in messages. */
export function parseRuleFile(file: string, text: string): RuleFile {
  const yaml = readYaml<z.infer<typeof fileSchema>>({
    file,
    text,
    schema: fileSchema,
    label: ruleLabel,
    keys: (path) => (path.length === 0 ? ['rules'] : RULE_KEYS),
  })
  const items = childOf(yaml.content, 'rules')
  return {
    drafts: (Array.isArray(items) ? items : []).map((item: unknown) => ({
      id: textIn(item, 'id'),
      when: textIn(item, 'when'),
    })),
    definitions: (yaml.value?.rules ?? []).map(({ percent, breaker, ...rule }) => ({
      ...rule,
      ...(breaker === undefined ? {} : { breaker }),
      percent: percent ?? null,
    })),
    report: (index, key, message, offset) => yaml.report(['rules', index, key], message, offset),
    problems: () => yaml.problems(),
    location: (index) => yaml.location(['rules', index, 'id']),
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
