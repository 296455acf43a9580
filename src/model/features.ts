// Features: named CEL expressions over one event. Training and serving compile the same text with the same compiler, so that
// they cannot differ.
import { z } from 'zod'
import { createCompiler } from '../expression/compiler.ts'
import type { ExpressionView } from '../expression/view.ts'
import type { Horizons } from '../velocity/grid.ts'
import { recordKind } from '../velocity/record-kind.ts'
import { createWindowSet, type WindowSet } from '../velocity/window.ts'
import { TRANSFORMS } from './scaling.ts'

export const featureSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_]*$/, 'must be a name such as card_count_1h'),
  cel: z.string().describe('CEL expression with a numeric result; NaN is unknown'),
  description: z.string().min(1),
  transform: z.enum(TRANSFORMS),
  usual: z
    .string()
    .optional()
    .describe(
      'CEL expression: what is usual for this very entity, by its own past. Over windows that features have, so that serving computes none more; NaN is unknown. Absent where nothing can be said',
    ),
  odd: z.enum(['high', 'low']).describe('Which end of the values is remarkable'),
  group: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/)
    .describe('Features that say nearly the same thing count as one'),
})
export type Feature = z.infer<typeof featureSchema>

export interface FeatureReader {
  /** Values of all features of one event, in their order, written to `out` from `at` on; NaN is unknown. */
  (view: ExpressionView, out: Float64Array, at: number): void
}

export interface FeatureOptions {
  readonly windows: WindowSet
  readonly horizons: Horizons
}

/** Compiles the features and registers their windows; what is wrong goes into `problems`. */
export function compileFeatures(
  features: readonly Pick<Feature, 'id' | 'cel'>[],
  options: FeatureOptions,
  problems: string[],
): FeatureReader {
  const compiler = createCompiler({ ...options, scope: 'feature' })
  const readers = features.flatMap(({ id, cel }) => {
    const compiled = compiler.compile(cel, 'number')
    if (compiled.ok) return [compiled.evaluate]
    for (const { message, column } of compiled.problems)
      problems.push(`feature ${id}, column ${column}: ${message}`)
    return []
  })
  return (view, out, at) => {
    for (let i = 0; i < readers.length; i++) out[at + i] = readers[i]?.(view) ?? Number.NaN
  }
}

/** What is usual for the entities of one event, by the number of the feature; NaN is unknown. */
export type UsualReader = (view: ExpressionView, feature: number) => number

/** Compiles what features say is usual, after `compileFeatures`: their windows are there. What is wrong goes into `problems`. */
export function compileUsual(
  features: readonly Pick<Feature, 'id' | 'cel' | 'usual'>[],
  options: FeatureOptions,
  problems: string[],
): UsualReader {
  const { horizons } = options
  // Rules have windows too, but may be others tomorrow.
  const own = { windows: createWindowSet(), horizons }
  compileFeatures(features, own, [])
  const onOwn = createCompiler({ ...own, scope: 'feature' })
  const compiler = createCompiler({ ...options, scope: 'feature' })
  const readers = features.map(({ id, usual }) => {
    if (usual === undefined) return null
    const before = own.windows.specs.length
    const tried = onOwn.compile(usual, 'number')
    if (!tried.ok) {
      for (const { message, column } of tried.problems)
        problems.push(`feature ${id}, usual, column ${column}: ${message}`)
      return null
    }
    if (own.windows.specs.length > before) {
      problems.push(`feature ${id}, usual: asks for a window that no feature has; use those of the features`)
      return null
    }
    const compiled = compiler.compile(usual, 'number')
    return compiled.ok ? compiled.evaluate : null
  })
  return (view, feature) => readers[feature]?.(view) ?? Number.NaN
}

/** Whether the model looks at an event: money that leaves a payer, asked for or declined. */
export function isScored(view: ExpressionView): boolean {
  const kind = recordKind(view.event)
  return kind === 'payment' || kind === 'declined'
}
