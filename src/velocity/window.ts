// Which windows a rule set and a model ask for. Equal windows share one slot, so each is computed once an event.
import type { EntityType, RecordKind } from './entity.ts'

export const WINDOW_FUNCTIONS = [
  'count',
  'sum',
  'mean',
  'min',
  'max',
  'stddev',
  'distinct',
  'rate',
  'first_seen',
  'last_seen',
  'distance',
  'speed',
] as const
export type WindowFunction = (typeof WINDOW_FUNCTIONS)[number]

/**
 * One window over the journal of one entity, as of the event time t: the records with a time in
 * (t - delayMs - lengthMs, t - delayMs] of the given kind that stand in the journal up to the event's own record.
 */
export interface WindowSpec {
  readonly fn: WindowFunction
  readonly entity: EntityType
  /** Only for `distinct`: what is counted. */
  readonly counterpart: EntityType | null
  /** Infinity for functions without a length: they look back as far as journals go (first_seen, last_seen) or are exact (distance, speed). */
  readonly lengthMs: number
  readonly delayMs: number
  readonly kind: RecordKind
}

export interface WindowSet {
  /** The slot of this window in `ExpressionView.windows`; the same for an equal one. Throws after `freeze`. */
  slot(spec: WindowSpec): number
  /** All windows, index = slot. */
  readonly specs: readonly WindowSpec[]
  freeze(): void
}

export function createWindowSet(): WindowSet {
  const slots = new Map<string, number>()
  const specs: WindowSpec[] = []
  let frozen = false
  return {
    specs,
    slot(spec) {
      const { fn, entity, counterpart, lengthMs, delayMs, kind } = spec
      const name = [fn, entity, counterpart ?? '', lengthMs, delayMs, kind].join(' ')
      const known = slots.get(name)
      if (known !== undefined) return known
      if (frozen) throw new Error(`window set is frozen; ${name} came too late`)
      slots.set(name, specs.length)
      return specs.push(spec) - 1
    },
    freeze() {
      frozen = true
    },
  }
}
