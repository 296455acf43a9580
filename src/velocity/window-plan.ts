// The windows of a window set, arranged for computing: by entity type, and those over the same records together.
import { COUNTERPARTS, type EntityType, RECORD_KINDS } from './entity.ts'
import type { CounterpartSlots } from './series.ts'
import type { WindowFunction, WindowSet, WindowSpec } from './window.ts'

export interface PlannedWindow {
  readonly slot: number
  readonly fn: WindowFunction
  /** For a distinct count, the index of its counterpart in `EntityPlan.slots`; else -1. */
  readonly column: number
}

/** Windows over the records of one kind in one stretch of time. */
export interface WindowRange {
  /** A value of RECORD_KINDS. */
  readonly kind: number
  readonly lengthMs: number
  readonly windows: readonly PlannedWindow[]
}

/** All windows over the journals of one entity type. */
export interface EntityPlan {
  /** Those of one kind next to each other, so that its records are looked up once. */
  readonly ranges: readonly WindowRange[]
  /** Counterparts that a distinct count needs; the others are not kept in memory. */
  readonly slots: CounterpartSlots
}

export type WindowPlan = Readonly<Record<EntityType, EntityPlan>>

/** Throws RangeError for a distinct count over a counterpart that the entity's records do not remember. */
export function planWindows(set: WindowSet): WindowPlan {
  const planOf = (type: EntityType) =>
    planEntity([...set.specs.entries()].filter(([, { entity }]) => entity === type))
  return {
    card: planOf('card'),
    account: planOf('account'),
    customer: planOf('customer'),
    device: planOf('device'),
    ip: planOf('ip'),
    merchant: planOf('merchant'),
    payee: planOf('payee'),
  }
}

function planEntity(specs: readonly (readonly [slot: number, spec: WindowSpec])[]): EntityPlan {
  const counted = specs.flatMap(([, spec]) => (spec.fn === 'distinct' ? [counterpartSlot(spec)] : []))
  const slots = [...new Set(counted)].sort((a, b) => a - b)
  const together = Map.groupBy(specs, ([, { kind, lengthMs }]) => `${kind} ${lengthMs}`)
  const ranges = [...together.values()].flatMap((group): WindowRange[] => {
    const [first] = group
    if (first === undefined) return []
    const windows = group.map(([slot, spec]): PlannedWindow => {
      const column = spec.fn === 'distinct' ? slots.indexOf(counterpartSlot(spec)) : -1
      return { slot, fn: spec.fn, column }
    })
    return [{ kind: RECORD_KINDS[first[1].kind], lengthMs: first[1].lengthMs, windows }]
  })
  return { ranges: ranges.sort((a, b) => a.kind - b.kind), slots }
}

function counterpartSlot({ entity, counterpart }: WindowSpec): number {
  const slot = COUNTERPARTS[entity].findIndex((type) => type === counterpart)
  if (slot < 0) throw new RangeError(`records of a ${entity} do not remember a ${counterpart}`)
  return slot
}
