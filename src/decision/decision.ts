// The contracts of what goes out: decision and alert. A decision's value repeats to the byte for the same input.
import { z } from 'zod'
import { ACTIONS, OVERRIDES } from '../rules/rule-set.ts'

const action = z.enum(ACTIONS)

const reason = z.object({
  code: z.string().describe('Stable code, for programs'),
  rule: z.string().describe('Id of the rule, or the setting, such as `money.missingRate`'),
  text: z.string().describe('For the analyst'),
  customer: z.string().describe('Safe to tell the customer'),
})

const points = z
  .object({
    sum: z.int(),
    action: action.describe('What the sum asks for by the thresholds of the rule set'),
    rules: z.array(z.object({ rule: z.string(), weight: z.int() })),
  })
  .describe('Weighted rules that acted, and what they came to; absent when there are none')

const contribution = z.object({
  feature: z.string(),
  value: z.number().nullable().describe('null when it was unknown'),
  usual: z.number().describe('What is usual, before scaling'),
  usualOf: z
    .enum(['entity', 'training'])
    .describe("Whether that is by the own past of the event's entity, or the median in the training data"),
  share: z.number().describe('Part of the raw score, 0 to 1'),
})

export const decisionSchema = z
  .object({
    event: z.string().describe('Id of the payment event'),
    tenant: z.string().optional(),
    time: z.string().describe('Event time, as published'),
    action,
    reasons: z.array(reason).describe('Who asked for the action or a milder one, strictest first'),
    overridden: z
      .array(reason)
      .optional()
      .describe('Rules that an allow rule set aside; `reasons` then names the allow rules'),
    points: points.optional(),
    shadow: z
      .array(
        z.object({
          rule: z.string(),
          action: action.nullable().describe('null for a rule that adds its weight alone'),
          weight: z.int().optional(),
          override: z.enum(OVERRIDES).optional(),
          demoted: z.literal(true).optional().describe('The breaker has put the rule into shadow'),
        }),
      )
      .describe('Rules that fired without acting: in shadow, or a canary outside its share'),
    score: z
      .object({ value: z.number(), contributions: z.array(contribution) })
      .nullable()
      .describe("The model's percentile, 0 to 1, and what made it; null when the event was not scored"),
    challenger: z
      .object({
        version: z.string(),
        score: z.number().nullable().describe('Its percentile, 0 to 1; null when it failed'),
      })
      .optional()
      .describe('What a second model says of a scored payment; it never acts. Absent when there is none'),
    degraded: z.array(z.string()).describe('What this decision had to do without, such as `rate:XAF`'),
    versions: z.object({
      ruleSet: z.string(),
      lists: z.string().describe('Names the content of all lists; `none` when they hold nothing'),
      demoted: z
        .array(z.string())
        .optional()
        .describe('Rules that the breaker has put into shadow; absent when none'),
      model: z.string().nullable(),
      rates: z.string(),
    }),
  })
  .meta({ id: 'Decision', description: 'What to do with one payment event, and why' })

export type Decision = z.infer<typeof decisionSchema>

export const alertSchema = z
  .object({
    id: z.string().describe('`<event>:<entity type>`, the same when the event is decided again'),
    event: z.string(),
    tenant: z.string().optional(),
    time: z.string().describe('Event time, as published'),
    entity: z.object({
      type: z.enum(['card', 'account', 'customer', 'device', 'ip', 'merchant', 'payee']),
      pseudonym: z.string().describe('As in Redis keys; `paysentry inspect` computes it from the identifier'),
    }),
    action,
    reasons: z.array(reason),
    score: z.number().nullable(),
  })
  .meta({ id: 'Alert', description: 'Something that a person must look at' })

export type Alert = z.infer<typeof alertSchema>
