// JSON Schemas of the files that risk analysts write, for editors that complete and check them.
import { z } from 'zod'
import { ruleFileSchema } from '../../src/rules/rule-file.ts'
import { testFileSchema } from '../../src/rules/rule-test-schema.ts'

export const RULE_FILE_SCHEMAS = [
  {
    file: 'rules.schema.json',
    title: 'Rules, reasons, thresholds, named expressions, groups and lists of a rules folder',
    schema: ruleFileSchema,
  },
  {
    file: 'rule-tests.schema.json',
    title: 'Rule tests: *.test.yaml beside the rules',
    schema: testFileSchema,
  },
] as const satisfies readonly { file: string; title: string; schema: z.ZodType }[]

/** A JSON Schema document of draft 7, the one that editors' YAML plug-ins know best. */
export function ruleFileSchemaDocument({ title, schema }: (typeof RULE_FILE_SCHEMAS)[number]): string {
  const body = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })
  return `${JSON.stringify({ ...body, title }, null, 2)}\n`
}
