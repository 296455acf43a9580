// What a rules folder says besides its rules, in whichever of its files: reasons, thresholds, and what
// expressions can refer to by name.
import { z } from 'zod'
import { childOf, oneOf, textField } from './file-schema.ts'
import { LIST_KINDS } from './lists.ts'
import type { YamlPath } from './yaml-file.ts'

const LONGEST_CUSTOMER_TEXT = 300

const reasonShape = z.strictObject(
  {
    meaning: textField().min(1, 'must say what the code stands for, whatever rule gives it'),
    customer: textField()
      .min(1, 'must be a sentence')
      .max(LONGEST_CUSTOMER_TEXT, `must have at most ${LONGEST_CUSTOMER_TEXT} characters`)
      .regex(/^\P{Nd}*$/u, 'must hold no figure: a customer who knows a threshold can stay below it')
      .optional(),
  },
  'must be "meaning:", and "customer:" where the usual sentence does not do',
)

const sum = z.int('must be a whole number').min(1, 'must be above 0').optional()
const thresholdsShape = z.strictObject(
  { review: sum, challenge: sum, block: sum },
  'must be sums of weights, such as "review: 30"',
)

const MOST_GROUP_ITEMS = 10_000
const groupItems = z
  .array(
    textField("must be a text: put figures in quotes, such as '411111'").min(1, 'must not be empty'),
    'must be a list of values, such as [AT, CH]',
  )
  .min(1, 'holds no value')
  .max(MOST_GROUP_ITEMS, `holds more than ${MOST_GROUP_ITEMS} values: keep them in a list`)

const listShape = z.strictObject(
  {
    name: textField().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be words in small letters with hyphens'),
    holds: oneOf(LIST_KINDS),
    description: textField().min(1, 'must say who is on the list, and why'),
  },
  'must be a list: name, holds, description',
)

export const sectionShape = {
  reasons: z.record(z.string(), reasonShape, 'must be codes, each with its meaning').optional(),
  define: z
    .record(z.string(), textField('must be an expression'), 'must be names, each with its expression')
    .optional(),
  groups: z.record(z.string(), groupItems, 'must be names, each with a list of values').optional(),
  lists: z.array(listShape, 'must be a list of lists, each beginning with "- name:"').optional(),
  thresholds: thresholdsShape
    .refine(ascends, 'must name at least one action, and a stricter action must need a larger sum')
    .optional(),
}

export type Sections = Partial<z.infer<z.ZodObject<typeof sectionShape>>>

/** The sections that can be read: what is wrong elsewhere in a file must not make its names unknown. */
export function readableSections(content: unknown): Sections {
  const entries = Object.entries(sectionShape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse(childOf(content, key))
    return parsed.success && parsed.data !== undefined ? [[key, parsed.data] as const] : []
  })
  // Each value has passed the schema of its key.
  return z.object(sectionShape).parse(Object.fromEntries(entries))
}

function ascends(thresholds: z.infer<typeof thresholdsShape>): boolean {
  const { review, challenge, block } = thresholds
  const sums = [review, challenge, block].filter((value) => value !== undefined)
  return sums.length > 0 && sums.every((value, i) => i === 0 || value > (sums[i - 1] ?? 0))
}

/** Keys that are allowed at this path of a rule file, outside its rules. */
export function sectionKeys(path: YamlPath): readonly string[] {
  if (path.length === 0) return ['rules', ...Object.keys(sectionShape)]
  if (path[0] === 'lists') return Object.keys(listShape.shape)
  return Object.keys((path[0] === 'reasons' ? reasonShape : thresholdsShape).shape)
}
