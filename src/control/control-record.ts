// Records of the control topic: what people tell running processors, in the order in which they told it. The key says what a
// record is about, the last record with a key counts, and one without a value takes it back; what must be signed is taken back by
// another signed record only.
import { z } from 'zod'
import type { LogRecord, OutputRecord } from '../log/event-log.ts'
import { LIST_KINDS, type ListKind } from '../rules/lists.ts'

const who = {
  author: z.string().min(1).max(200).describe('Who did it'),
  at: z.iso.datetime({ offset: true }).describe('When, RFC 3339'),
}
const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/)
const number = z.int().min(1)
const sha256Hash = z.string().regex(/^sha256:[0-9a-f]{64}$/)

export const listEntrySchema = z
  .object({
    expires: z.iso
      .datetime({ offset: true })
      .nullable()
      .describe('Event time from which on the entry no longer counts; null for never'),
    reason: z.string().min(1).max(500).describe('Why the value is on the list; holds nothing personal'),
    ...who,
  })
  .meta({
    id: 'ListEntry',
    description: 'One value of a list. Key: `list/<list>/<kind>/<pseudonym or value>`',
  })

export const ruleBundleSchema = z
  .object({
    bundle: base64.describe('The rule files, gzip of canonical JSON'),
    signature: base64.describe('Ed25519 over the canonical JSON'),
    ...who,
  })
  .meta({ id: 'RuleBundle', description: 'A signed rule set. Key: `ruleset/<hash of the rule set>`' })

export const activationSchema = z
  .object({
    ruleSet: sha256Hash.describe('The rule set that decides from here on'),
    previous: sha256Hash.nullable().describe('The one that was active before; null when none was'),
    ...who,
    number: number
      .optional()
      .describe('One more than that of the activation before; a lower one than the last does not count'),
    signature: base64
      .optional()
      .describe('Ed25519 over the key and the other fields; without it the record counts nowhere'),
  })
  .meta({ id: 'Activation', description: 'Which published rule set decides. Key: `activation/rules`' })

const model = {
  version: z
    .string()
    .regex(/^\w[\w.-]*$/)
    .describe('Folder of the model in model.dir'),
  hash: sha256Hash.describe('Of its manifest, which names every other file by its own'),
}

export const promotionSchema = z
  .object({
    ...model,
    previous: z
      .object(model)
      .nullable()
      .describe('The one that was promoted before; null for the one of the configuration'),
    ...who,
    number: number
      .optional()
      .describe(
        'One more than that of the record before in this role; a lower one than the last does not count',
      ),
    signature: base64.describe('Ed25519 over the key and the other fields'),
  })
  .meta({
    id: 'Promotion',
    description: 'Which model decides, or scores beside it. Key: `model/champion` or `model/challenger`',
  })

export const withdrawalSchema = z
  .object({
    withdrawn: z.literal(true).describe('The model of the configuration is in force again'),
    previous: z.object(model).nullable().describe('The one that was promoted before; null when none was'),
    ...who,
    number: number.describe(
      'One more than that of the record before in this role; a lower one than the last does not count',
    ),
    signature: base64.describe('Ed25519 over the key and the other fields'),
  })
  .meta({
    id: 'ModelWithdrawal',
    description: 'A promotion that was taken back. Key: `model/champion` or `model/challenger`',
  })

/** What a record of a model's role holds. */
const modelChoiceSchema = z.discriminatedUnion('withdrawn', [
  promotionSchema.extend({ withdrawn: z.undefined().optional() }),
  withdrawalSchema,
])

export const demotionSchema = z
  .object({
    events: z.int().min(1).describe('Events in the window in which the rule went too far'),
    acted: z.int().min(1).describe('Events among them that it would have challenged or blocked'),
    share: z.number().min(0).max(1).describe('The share that it was allowed'),
    ...who,
  })
  .meta({
    id: 'Demotion',
    description: 'A rule that was put into shadow by the breaker. Key: `breaker/<rule>`',
  })

export const trafficSchema = z
  .object({
    events: z.int().min(1).describe('Events that the processor decided since its last record'),
    acted: z.record(z.string(), z.int().min(1)).describe('Events that a rule challenged or blocked, by rule'),
  })
  .meta({
    id: 'TrafficCounts',
    description: 'What one processor counted for the breaker. Key: `traffic/<processor>`',
  })

export type ListEntry = z.infer<typeof listEntrySchema>
export type RuleBundle = z.infer<typeof ruleBundleSchema>
export type Activation = z.infer<typeof activationSchema>
export type Promotion = z.infer<typeof promotionSchema>
export type Withdrawal = z.infer<typeof withdrawalSchema>
export type ModelChoice = z.infer<typeof modelChoiceSchema>
export type Demotion = z.infer<typeof demotionSchema>
export type TrafficCounts = z.infer<typeof trafficSchema>

export const MODEL_ROLES = ['champion', 'challenger'] as const
export type ModelRole = (typeof MODEL_ROLES)[number]

export interface ListItem {
  readonly list: string
  readonly holds: ListKind
  /** Pseudonym of an identifier, or the value itself. */
  readonly item: string
}

/** What one record says; `null` in place of a value takes it back. */
export type ControlChange =
  | ({ readonly kind: 'list'; readonly entry: ListEntry | null } & ListItem)
  | { readonly kind: 'ruleset'; readonly hash: string; readonly bundle: RuleBundle | null }
  | { readonly kind: 'activation'; readonly activation: Activation | null }
  | { readonly kind: 'model'; readonly role: ModelRole; readonly choice: ModelChoice | null }
  | { readonly kind: 'traffic'; readonly counts: TrafficCounts | null; readonly timeMs: number }
  | { readonly kind: 'breaker'; readonly rule: string; readonly demotion: Demotion | null }

/** The key of a list's entry. */
export function listKey({ list, holds, item }: ListItem): string {
  return `list/${list}/${holds}/${encodeURIComponent(item)}`
}

export const ruleSetKey = (hash: string): string => `ruleset/${hash}`
export const ACTIVATION_KEY = 'activation/rules'
export const modelKey = (role: ModelRole): string => `model/${role}`
export const trafficKey = (processor: string): string => `traffic/${processor}`
export const breakerKey = (rule: string): string => `breaker/${rule}`

/** A record for the control topic; `value` null takes back what its key says. */
export function controlRecord(
  topic: string,
  key: string,
  value: ListEntry | RuleBundle | Activation | ModelChoice | Demotion | TrafficCounts | null,
): OutputRecord {
  return { topic, key, value: value === null ? null : JSON.stringify(value) }
}

/** What the record says; a sentence when it is none that this version can read. Never throws. */
export function readControl(record: LogRecord): ControlChange | string {
  const key = record.key?.toString() ?? ''
  const [kind = '', ...rest] = key.split('/')
  switch (kind) {
    case 'list':
      return readListEntry(key, rest, record)
    case 'ruleset':
      return parsed(key, record, ruleBundleSchema, (bundle) => ({
        kind: 'ruleset',
        hash: rest.join('/'),
        bundle,
      }))
    case 'activation':
      return parsed(key, record, activationSchema, (activation) => ({ kind: 'activation', activation }))
    case 'model': {
      const role = MODEL_ROLES.find((known) => known === rest.join('/'))
      if (role === undefined) return `the key "${key}" names no role of a model`
      return parsed(key, record, modelChoiceSchema, (choice) => ({ kind: 'model', role, choice }))
    }
    case 'breaker':
      return parsed(key, record, demotionSchema, (demotion) => ({
        kind: 'breaker',
        rule: rest.join('/'),
        demotion,
      }))
    case 'traffic':
      return parsed(key, record, trafficSchema, (counts) => ({
        kind: 'traffic',
        counts,
        timeMs: record.timestampMs,
      }))
    default:
      return `the key "${key}" is of no kind that this version knows`
  }
}

function readListEntry(key: string, rest: readonly string[], record: LogRecord): ControlChange | string {
  const [list = '', kind, encoded = ''] = rest
  const holds = LIST_KINDS.find((known) => known === kind)
  if (rest.length !== 3 || holds === undefined || list === '' || encoded === '')
    return `the key "${key}" names no entry of a list`
  let item: string
  try {
    item = decodeURIComponent(encoded)
  } catch (error) {
    return `the key "${key}" cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  return parsed(key, record, listEntrySchema, (entry) => ({ kind: 'list', list, holds, item, entry }))
}

function parsed<T>(
  key: string,
  { value }: LogRecord,
  schema: z.ZodType<T>,
  change: (value: T | null) => ControlChange,
): ControlChange | string {
  if (value === null) return change(null)
  let content: unknown
  try {
    content = JSON.parse(value.toString())
  } catch (error) {
    return `the value of "${key}" is no JSON: ${error instanceof Error ? error.message : String(error)}`
  }
  const result = schema.safeParse(content)
  if (result.success) return change(result.data)
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  return `the value of "${key}" is not usable: ${problems.join('; ')}`
}
