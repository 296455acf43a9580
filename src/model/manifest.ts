// The manifest of a model: all that serving needs to know beside the net, and all that a person asks about it.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { featureSchema } from './features.ts'
import { TRANSFORMS } from './scaling.ts'

/** Of the manifest. A version reads one alone: scores depend on all that it holds. */
export const FORMAT = 4

const finite = z.number()
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')

const fingerprint = z
  .strictObject({ edges: z.array(finite), shares: z.array(z.number().min(0).max(1)) })
  .refine(({ edges, shares }) => shares.length === edges.length + 2 && isAscending(edges), {
    error: 'must have ascending edges, and two shares more than edges',
  })

const servedFeature = z.strictObject({
  ...featureSchema.shape,
  tail: z
    .strictObject({ knots: z.array(finite).min(1), rarity: z.array(finite).min(1) })
    .refine(({ knots, rarity }) => knots.length === rarity.length && isAscending(knots), {
      error: 'must be two lists of one length, the knots ascending',
    })
    .describe('How rare a value is: negative log of the share of training rows that are at least as odd'),
  coding: z
    .strictObject({
      scaling: z.strictObject({
        transform: z.enum(TRANSFORMS),
        centre: finite,
        scale: z.number().positive(),
        clip: z.number().positive(),
      }),
      knots: z.array(finite).min(1),
      flagged: z.boolean().describe('Whether an input of its own says that it is unknown'),
    })
    .describe('Inputs of the supervised net'),
  fingerprint: fingerprint.describe('Shares of its values in the calibration span, for drift'),
  missing: z.number().min(0).max(1).describe('Share of the training rows in which it was unknown'),
  median: finite.describe('Of the known values in the training rows, before scaling'),
})

const rankingFigures = z.record(z.string(), finite)
const supervised = z.strictObject({
  calibration: z
    .strictObject({ slope: z.number().positive(), intercept: finite })
    .describe('Log-odds of fraud = slope × output + intercept'),
  rarityWeight: z.number().min(0).describe('Of the rarity beside the log-odds in the raw score'),
  frauds: z.int().describe('Payments labelled fraud that it was fitted on'),
  epochs: z.int(),
  loss: z.array(z.strictObject({ train: finite, validation: finite })),
  reliability: z
    .array(z.strictObject({ predicted: finite, observed: finite, payments: z.int() }))
    .describe('On the calibration span, by bins of predicted probability'),
})

export const manifestSchema = z
  .strictObject({
    format: z.literal(FORMAT),
    kind: z.literal('two-heads'),
    version: z.string().regex(/^[\w.-]+$/),
    features: z.array(servedFeature).min(1),
    supervised: supervised.nullable().describe('Null when it was trained without labels'),
    calibration: z.strictObject({ raw: z.array(finite).min(2), percentile: z.array(finite).min(2) }),
    scores: fingerprint.describe('Shares of the published scores in the calibration span'),
    files: z.record(z.string(), digest).describe('SHA-256 of every file'),
    training: z.strictObject({
      source: z.string(),
      command: z.string().describe('Makes the same model again'),
      seed: z.int(),
      events: z.int(),
      payments: z.int(),
      from: z.string(),
      to: z.string(),
      rows: z.strictObject({ train: z.int(), gap: z.int(), validation: z.int(), calibration: z.int() }),
      matrix: digest.describe('SHA-256 of the feature matrix, float64 little-endian'),
    }),
    metrics: z
      .record(z.string(), rankingFigures)
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
/** A feature as it is fitted: the fingerprint comes from later rows. */
export type FittedFeature = Omit<Manifest['features'][number], 'fingerprint'>

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value >= (values[i - 1] ?? value))
}

/** `<version>@<first 12 digits of the manifest's SHA-256>`: names the content, not only the folder. */
export function nameOfModel({ version }: Pick<Manifest, 'version'>, hash: string): string {
  return `${version}@${hash.slice(0, 12)}`
}
