// The named points of the data path at which a fault can be placed, in the order in which a batch passes them. A point is the end
// of a stage, seen from within the processor, or a request on its way to Redis or Kafka, seen from outside by the proxy.
import type { StageName } from '../../src/batch.ts'
import type { Config } from '../../src/config.ts'

export type Delivery = Config['kafka']['delivery']

/** How a proxy knows the request, and whether it is held back or has been passed on, so that only its answer is lost. */
export interface WirePoint {
  readonly server: 'redis' | 'kafka'
  /** Request types of the Kafka protocol, or a word in the Redis command. */
  readonly request: readonly number[] | string
  readonly held: boolean
}

export interface Point {
  readonly stage?: StageName
  readonly wire?: WirePoint
  /** Both if absent. */
  readonly delivery?: Delivery
}

// Kafka protocol, request types ("API keys").
const PRODUCE = 0
const OFFSET_COMMIT = 8
const END_TRANSACTION = 26
const TRANSACTION_OFFSETS = 28
const COMMITS = [OFFSET_COMMIT, END_TRANSACTION]

export const POINTS = {
  'before the append': { stage: 'decode' },
  'during the append': { wire: { server: 'redis', request: '_append', held: false } },
  'after the append': { stage: 'velocity' },
  'before the publish': { stage: 'decide' },
  'during the publish': { wire: { server: 'kafka', request: [PRODUCE], held: false } },
  'after the publish': { stage: 'publish' },
  'offsets in the transaction': {
    wire: { server: 'kafka', request: [TRANSACTION_OFFSETS], held: false },
    delivery: 'exactly-once',
  },
  'before the commit': { wire: { server: 'kafka', request: COMMITS, held: true } },
  'during the commit': { wire: { server: 'kafka', request: COMMITS, held: false } },
  'after the commit': { stage: 'commit' },
} as const satisfies Record<string, Point>

/** What a processor writes when it has come to its point. */
export const AT_THE_POINT = 'at the point of the fault'

export type PointName = keyof typeof POINTS

export function pointOf(name: PointName): Point {
  return POINTS[name]
}

/** The points that a batch passes in this mode; `onWire`: only those between processor and server. */
export function pointsOf(delivery: Delivery, onWire: boolean): PointName[] {
  const names: PointName[] = []
  for (const [name, point] of Object.entries(POINTS) as [PointName, Point][]) {
    const isPassed = point.delivery === undefined || point.delivery === delivery
    if (isPassed && (!onWire || point.wire !== undefined)) names.push(name)
  }
  return names
}
