// What happens to a deployment, drawn from a seed: the same seed gives the same faults in the same order.
import { type Delivery, type PointName, pointsOf } from './points.ts'

/** How often each kind is drawn. Those at a point come more often, because there are many points. */
const WEIGHTS = {
  crash: 5,
  stall: 3,
  'answer-lost': 2,
  kill: 1,
  freeze: 1,
  'redis-restart': 1,
  'redis-freeze': 1,
  'redis-cut': 1,
  'redis-delay': 1,
  'redis-partition': 1,
  'kafka-restart': 2,
  'kafka-freeze': 1,
  'kafka-cut': 1,
  'kafka-delay': 1,
  'kafka-partition': 1,
} as const

export type FaultKind = keyof typeof WEIGHTS
export const FAULT_KINDS = Object.keys(WEIGHTS) as FaultKind[]
const DRAWN_FROM = FAULT_KINDS.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind))

export interface Fault {
  readonly kind: FaultKind
  /** Where in the data path, of faults that are placed at a point. */
  readonly point: PointName | null
  /** Which of the two processors, 0 or 1. */
  readonly victim: number
  /** Of delays, pauses and partitions, milliseconds. */
  readonly lengthMs: number
}

export interface Schedule {
  readonly seed: number
  readonly delivery: Delivery
  readonly faults: readonly Fault[]
}

/** A fault in words: `crash during the publish`. */
export function nameOf({ kind, point }: Pick<Fault, 'kind' | 'point'>): string {
  return point === null ? kind : `${kind} ${point.startsWith('offsets') ? 'with ' : ''}${point}`
}

export function scheduleOf(seed: number, faultCount: number): Schedule {
  const random = generator(seed)
  const draw = (below: number): number => Math.floor(random() * below)
  // Small seeds that follow each other give first numbers that are alike.
  for (let i = 0; i < 8; i++) random()
  const delivery = draw(2) === 0 ? 'exactly-once' : 'at-least-once'
  return {
    seed,
    delivery,
    faults: Array.from({ length: faultCount }, () => {
      const kind = DRAWN_FROM[draw(DRAWN_FROM.length)] ?? 'crash'
      const points = pointsOf(delivery, kind === 'answer-lost')
      const point = points[draw(points.length)] ?? null
      return {
        kind,
        point: kind === 'crash' || kind === 'stall' || kind === 'answer-lost' ? point : null,
        victim: draw(2),
        lengthMs: 200 + draw(1_800),
      }
    }),
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
