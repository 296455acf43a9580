// What a rules folder says besides its rules, in whichever of its files: reasons and thresholds.
import { z } from 'zod'
import { textField } from './file-schema.ts'
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

export const sectionShape = {
  reasons: z.record(z.string(), reasonShape, 'must be codes, each with its meaning').optional(),
  thresholds: thresholdsShape
    .refine(ascends, 'must name at least one action, and a stricter action must need a larger sum')
    .optional(),
}

export type Sections = Partial<z.infer<z.ZodObject<typeof sectionShape>>>

function ascends(thresholds: z.infer<typeof thresholdsShape>): boolean {
  const { review, challenge, block } = thresholds
  const sums = [review, challenge, block].filter((value) => value !== undefined)
  return sums.length > 0 && sums.every((value, i) => i === 0 || value > (sums[i - 1] ?? 0))
}

/** Keys that are allowed at this path of a rule file, outside its rules. */
export function sectionKeys(path: YamlPath): readonly string[] {
  if (path.length === 0) return ['rules', ...Object.keys(sectionShape)]
  return Object.keys((path[0] === 'reasons' ? reasonShape : thresholdsShape).shape)
}
