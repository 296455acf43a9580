// JSON Schemas of the contracts, made from the zod schemas that the code itself uses.
import { z } from 'zod'
import {
  activationSchema,
  demotionSchema,
  listEntrySchema,
  promotionSchema,
  ruleBundleSchema,
  trafficSchema,
  withdrawalSchema,
} from '../../src/control/control-record.ts'
import { alertSchema, decisionSchema } from '../../src/decision/decision.ts'
import { labelSchema, paymentEventSchema } from '../../src/payment/event.ts'
import {
  ACTIVATION_EXAMPLE,
  ALERT_EXAMPLE,
  BUNDLE_EXAMPLE,
  DECISION_EXAMPLE,
  DEMOTION_EXAMPLE,
  EVENT_EXAMPLE,
  LABEL_EXAMPLE,
  LIST_ENTRY_EXAMPLE,
  PROMOTION_EXAMPLE,
  TRAFFIC_EXAMPLE,
  WITHDRAWAL_EXAMPLE,
} from './examples.ts'

export interface Contract {
  /** Name of the schema, and of the message in AsyncAPI. */
  readonly name: string
  /** File in docs/contracts. */
  readonly file: string
  readonly schema: z.ZodType
  /** Input contracts describe what may be sent, not what it becomes. */
  readonly io: 'input' | 'output'
  readonly example: object
}

export const CONTRACTS = {
  event: {
    name: 'PaymentEvent',
    file: 'payment-event.schema.json',
    schema: paymentEventSchema,
    io: 'input',
    example: EVENT_EXAMPLE,
  },
  label: {
    name: 'Label',
    file: 'label.schema.json',
    schema: labelSchema,
    io: 'input',
    example: LABEL_EXAMPLE,
  },
  decision: {
    name: 'Decision',
    file: 'decision.schema.json',
    schema: decisionSchema,
    io: 'output',
    example: DECISION_EXAMPLE,
  },
  alert: {
    name: 'Alert',
    file: 'alert.schema.json',
    schema: alertSchema,
    io: 'output',
    example: ALERT_EXAMPLE,
  },
  listEntry: {
    name: 'ListEntry',
    file: 'list-entry.schema.json',
    schema: listEntrySchema,
    io: 'output',
    example: LIST_ENTRY_EXAMPLE,
  },
  ruleBundle: {
    name: 'RuleBundle',
    file: 'rule-bundle.schema.json',
    schema: ruleBundleSchema,
    io: 'output',
    example: BUNDLE_EXAMPLE,
  },
  activation: {
    name: 'Activation',
    file: 'activation.schema.json',
    schema: activationSchema,
    io: 'output',
    example: ACTIVATION_EXAMPLE,
  },
  promotion: {
    name: 'Promotion',
    file: 'promotion.schema.json',
    schema: promotionSchema,
    io: 'output',
    example: PROMOTION_EXAMPLE,
  },
  withdrawal: {
    name: 'ModelWithdrawal',
    file: 'model-withdrawal.schema.json',
    schema: withdrawalSchema,
    io: 'output',
    example: WITHDRAWAL_EXAMPLE,
  },
  demotion: {
    name: 'Demotion',
    file: 'demotion.schema.json',
    schema: demotionSchema,
    io: 'output',
    example: DEMOTION_EXAMPLE,
  },
  traffic: {
    name: 'TrafficCounts',
    file: 'traffic-counts.schema.json',
    schema: trafficSchema,
    io: 'output',
    example: TRAFFIC_EXAMPLE,
  },
} as const satisfies Record<string, Contract>

type Json = Record<string, unknown>

/** A JSON Schema document of draft 2020-12. */
export function schemaDocument(contract: Contract): string {
  const body = schemaBody(contract, 'draft-2020-12')
  const document = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: contract.name,
    ...body,
    examples: [contract.example],
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** The schema alone; draft 7 is what AsyncAPI's own schema objects are made of. */
export function schemaBody(contract: Contract, target: 'draft-2020-12' | 'draft-7'): Json {
  const generated: Json = z.toJSONSchema(contract.schema, { target, io: contract.io, override: openObject })
  const definitions = generated[target === 'draft-7' ? 'definitions' : '$defs']
  const body: unknown =
    typeof definitions === 'object' && definitions !== null
      ? Reflect.get(definitions, contract.name)
      : undefined
  if (typeof body !== 'object' || body === null) throw new Error(`no schema was made for ${contract.name}`)
  return { ...body }
}

/** Fields may be added at any time, so no object is closed; that is said by leaving the keyword out. */
function openObject({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const more = jsonSchema.additionalProperties
  const isOpenOrClosed = more === false || (typeof more === 'object' && Object.keys(more).length === 0)
  if (isOpenOrClosed) delete jsonSchema.additionalProperties
}
