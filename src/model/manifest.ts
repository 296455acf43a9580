// The manifest of a model: all that serving needs to know beside the net, and all that a person asks about it.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { featureSchema } from './features.ts'
import { TRANSFORMS } from './scaling.ts'

const finite = z.number()
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')

const servedFeature = z.strictObject({
  ...featureSchema.shape,
  scaling: z.strictObject({
    transform: z.enum(TRANSFORMS),
    centre: finite,
    scale: z.number().positive(),
    clip: z.number().positive(),
  }),
  missing: z.strictObject({
    share: z.number().min(0).max(1).describe('Of the training rows in which it was unknown'),
    flagged: z.boolean().describe('Whether the net is told by an input of its own'),
  }),
  usual: finite.describe('Median in the training rows, before scaling'),
  weight: z.number().positive().describe('Of its reconstruction error in the raw score'),
})

export const manifestSchema = z
  .strictObject({
    format: z.literal(1),
    kind: z.literal('autoencoder'),
    version: z.string().regex(/^[\w.-]+$/),
    features: z.array(servedFeature).min(1),
    calibration: z.strictObject({ raw: z.array(finite).min(2), percentile: z.array(finite).min(2) }),
    files: z.record(z.string(), digest).describe('SHA-256 of every file'),
    training: z.strictObject({
      source: z.string(),
      command: z.string().describe('Makes the same model again'),
      seed: z.int(),
      events: z.int(),
      payments: z.int(),
      from: z.string(),
      to: z.string(),
      rows: z.strictObject({ train: z.int(), validation: z.int(), calibration: z.int() }),
      matrix: digest.describe('SHA-256 of the feature matrix, float64 little-endian'),
      epochs: z.int(),
      loss: z.array(z.strictObject({ train: finite, validation: finite })),
    }),
    metrics: z
      .record(z.string(), z.record(z.string(), finite))
      .describe('On the calibration span: by score, what it would have found'),
    golden: z
      .array(z.strictObject({ values: z.array(finite.nullable()), raw: finite, score: finite }))
      .min(1)
      .describe('Feature rows with the score that the net must give them'),
    made: z.strictObject({ paysentry: z.string(), tensorflow: z.string() }),
  })
  .superRefine((manifest, context) => {
    const { raw, percentile } = manifest.calibration
    if (raw.length !== percentile.length || !isAscending(raw) || !isAscending(percentile)) {
      context.addIssue({
        code: 'custom',
        path: ['calibration'],
        message: 'must be two lists of one length that do not descend',
      })
    }
    for (const [i, { values }] of manifest.golden.entries()) {
      if (values.length !== manifest.features.length) {
        context.addIssue({
          code: 'custom',
          path: ['golden', i],
          message: 'must have a value for each feature',
        })
      }
    }
  })

export type Manifest = z.infer<typeof manifestSchema>

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value >= (values[i - 1] ?? value))
}
