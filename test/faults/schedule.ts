// What happens to a deployment, drawn from a seed: the same seed gives the same faults in the same order.
import type { StageName } from '../../src/batch.ts'
import type { Config } from '../../src/config.ts'

export const FAULT_KINDS = [
  'crash',
  'kill',
  'freeze',
  'redis-restart',
  'redis-pause',
  'redis-cut',
  'redis-delay',
  'redis-partition',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** After these stages a processor can be made to crash: before and after the append, before and after the publish, after the commit. */
export const CRASH_POINTS = [
  'decode',
  'velocity',
  'decide',
  'publish',
  'commit',
] as const satisfies StageName[]

export interface Fault {
  readonly kind: FaultKind
  /** Which of the two processors, 0 or 1. */
  readonly victim: number
  readonly crashAfter: (typeof CRASH_POINTS)[number]
  /** Of delays, pauses and partitions, milliseconds. */
  readonly lengthMs: number
}

export interface Schedule {
  readonly seed: number
  readonly delivery: Config['kafka']['delivery']
  readonly faults: readonly Fault[]
}

export function scheduleOf(seed: number, faultCount: number): Schedule {
  const random = generator(seed)
  const draw = (below: number): number => Math.floor(random() * below)
  return {
    seed,
    delivery: draw(2) === 0 ? 'exactly-once' : 'at-least-once',
    faults: Array.from({ length: faultCount }, () => ({
      kind: FAULT_KINDS[draw(FAULT_KINDS.length)] ?? 'crash',
      victim: draw(2),
      crashAfter: CRASH_POINTS[draw(CRASH_POINTS.length)] ?? 'publish',
      lengthMs: 200 + draw(1_800),
    })),
  }
}

/** Mulberry32, by Tommy Ettinger (public domain): numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
