// The windows of a window set, arranged for computing: by entity type, and those over the same records together.
import { COUNTERPARTS, type EntityType, RECORD_KINDS } from './entity.ts'
import type { Horizons } from './grid.ts'
import { atEventTime } from './labels.ts'
import type { CounterpartSlots } from './rows.ts'
import type { WindowFunction, WindowSet, WindowSpec } from './window.ts'

export interface PlannedWindow {
  readonly slot: number
  readonly fn: WindowFunction
  /** For a distinct count, the index of its counterpart in `EntityPlan.slots`; else -1. */
  readonly column: number
}

/** Windows over the records of one kind in one stretch of time. */
export interface WindowRange {
  /** A value of RECORD_KINDS, or of labels at the labelled event's time. */
  readonly kind: number
  /** Age of the older edge and of the younger one, milliseconds. */
  readonly fromAgeMs: number
  readonly toAgeMs: number
  /** Whether a window needs the totals of the records, and of their amounts. */
  readonly needsTotals: boolean
  readonly needsAmounts: boolean
  readonly windows: readonly PlannedWindow[]
}

/** All windows over the journals of one entity type. */
export interface EntityPlan {
  readonly ranges: readonly WindowRange[]
  /** Counterparts that a distinct count needs; the others are not kept in memory. */
  readonly slots: CounterpartSlots
}

export type WindowPlan = Readonly<Record<EntityType, EntityPlan>>

const WITH_TOTALS: ReadonlySet<WindowFunction> = new Set([
  'count',
  'sum',
  'mean',
  'min',
  'max',
  'stddev',
  'rate',
])
const WITH_AMOUNTS: ReadonlySet<WindowFunction> = new Set(['sum', 'mean', 'min', 'max', 'stddev'])

/** Throws RangeError for a distinct count over a counterpart that the entity's records do not remember. */
export function planWindows(set: WindowSet, horizons: Horizons): WindowPlan {
  const planOf = (type: EntityType) =>
    planEntity(
      [...set.specs.entries()].filter(([, { entity }]) => entity === type),
      horizons,
    )
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

function planEntity(
  specs: readonly (readonly [slot: number, spec: WindowSpec])[],
  horizons: Horizons,
): EntityPlan {
  const counted = specs.flatMap(([, spec]) => (spec.fn === 'distinct' ? [counterpartSlot(spec)] : []))
  const slots = [...new Set(counted)].sort((a, b) => a - b)
  const together = Map.groupBy(specs, ([, spec]) => {
    const { kind, fromAgeMs, toAgeMs } = stretchOf(spec, horizons)
    return `${kind} ${fromAgeMs} ${toAgeMs}`
  })
  const ranges = [...together.values()].flatMap((group): WindowRange[] => {
    const [first] = group
    if (first === undefined) return []
    const windows = group.map(([slot, spec]): PlannedWindow => {
      const column = spec.fn === 'distinct' ? slots.indexOf(counterpartSlot(spec)) : -1
      return { slot, fn: spec.fn, column }
    })
    return [
      {
        ...stretchOf(first[1], horizons),
        needsTotals: windows.some(({ fn }) => WITH_TOTALS.has(fn)),
        needsAmounts: windows.some(({ fn }) => WITH_AMOUNTS.has(fn)),
        windows,
      },
    ]
  })
  return { ranges, slots }
}

function stretchOf(spec: WindowSpec, { exactHorizonMs, retentionMs }: Horizons) {
  const { fn, kind, lengthMs, delayMs } = spec
  const reach = fn === 'distance' || fn === 'speed' ? exactHorizonMs : retentionMs
  return {
    kind: fn === 'rate' ? atEventTime(RECORD_KINDS[kind]) : RECORD_KINDS[kind],
    fromAgeMs: Number.isFinite(lengthMs) ? delayMs + lengthMs : reach,
    toAgeMs: delayMs,
  }
}

function counterpartSlot({ entity, counterpart }: WindowSpec): number {
  const slot = COUNTERPARTS[entity].findIndex((type) => type === counterpart)
  if (slot < 0) throw new RangeError(`records of a ${entity} do not remember a ${counterpart}`)
  return slot
}
