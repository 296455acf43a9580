// Features: named CEL expressions over one event. Training and serving compile the same text with the same compiler, so that
// they cannot differ.
import { z } from 'zod'
import { createCompiler } from '../expression/compiler.ts'
import type { ExpressionView } from '../expression/view.ts'
import type { Horizons } from '../velocity/grid.ts'
import { recordKind } from '../velocity/record-kind.ts'
import { formatDuration } from '../rules/duration.ts'
import { createWindowSet, type WindowSet, type WindowSpec } from '../velocity/window.ts'
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
  const own = createWindowSet()
  compileFeatures(features, { windows: own, horizons }, [])
  const there = new Set(own.specs.map(windowText))
  const compiler = createCompiler({ ...options, scope: 'feature' })
  const readers = features.map(({ id, usual }) => {
    if (usual === undefined) return null
    const asked = createWindowSet()
    const tried = createCompiler({ windows: asked, horizons, scope: 'feature' }).compile(usual, 'number')
    if (!tried.ok) {
      for (const { message, column } of tried.problems)
        problems.push(`feature ${id}, usual, column ${column}: ${message}`)
      return null
    }
    const more = asked.specs.map(windowText).filter((window) => !there.has(window))
    for (const window of more) {
      problems.push(
        `feature ${id}, usual: asks for the window ${window}, which no feature has; use those of the features`,
      )
    }
    if (more.length > 0) return null
    const compiled = compiler.compile(usual, 'number')
    return compiled.ok ? compiled.evaluate : null
  })
  return (view, feature) => readers[feature]?.(view) ?? Number.NaN
}

/** As it is called, with all that tells it from others. */
function windowText({ fn, entity, counterpart, lengthMs, delayMs, kind }: WindowSpec): string {
  const args = [
    entity,
    ...(counterpart === null ? [] : [counterpart]),
    ...(Number.isFinite(lengthMs) ? [`'${formatDuration(lengthMs)}'`] : []),
    ...(kind === 'payment' ? [] : [kind]),
    ...(delayMs === 0 ? [] : [`'${formatDuration(delayMs)}'`]),
  ]
  return `${fn}(${args.join(', ')})`
}

/** Whether the model looks at an event: money that leaves a payer, asked for or declined. */
export function isScored(view: ExpressionView): boolean {
  const kind = recordKind(view.event)
  return kind === 'payment' || kind === 'declined'
}
