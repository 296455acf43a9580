// The traffic of the velocity benchmark: payments of 4,000 cards at 600 merchants with five entities each, one a second.
import type { Batch } from '../../src/batch.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows, type VelocityStage } from '../../src/velocity/velocity.ts'
import { createWindowSet, type WindowSet } from '../../src/velocity/window.ts'
import { batchEventOf, batchOf } from './batches.ts'
import { HORIZONS } from './horizons.ts'

export const BATCH_EVENTS = 200
export const WORKLOAD_KEY = '000102030405060708090a0b0c0d0e0f'
const HOUR_MS = 3_600_000
const CACHE_BYTES = 134_217_728

export interface Workload {
  stageOn(store: JournalStore, windows: WindowSet): VelocityStage
  /** The next events of the one stream that all who ask share. */
  nextBatch(windows: WindowSet): Batch
}

export function createWorkload(): Workload {
  const pseudonymiser = createPseudonymiser(WORKLOAD_KEY)
  let events = 0
  // The generator of Park and Miller: the same traffic in every run.
  let seed = 20_260_301
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const one = (empty: Float64Array) => {
    const card = random(4_000)
    const entities = [
      pseudonymiser.entity('card', `tok_${card}`, ''),
      pseudonymiser.entity('account', `acc-${card}`, ''),
      pseudonymiser.entity('device', `dev-${random(10) === 0 ? random(6_000) : card}`, ''),
      pseudonymiser.entity('ip', `10.0.${card >> 8}.${card & 255}`, ''),
      pseudonymiser.entity('merchant', `mer-${random(600)}`, ''),
    ]
    const amount = 100 + random(20_000)
    return batchEventOf(
      { id: `evt-${events}` },
      {
        entities,
        timeMs: 1_772_366_400_000 + events++ * 1_000,
        amountBaseMinor: amount,
        amount: amount / 100,
        windows: empty.slice(),
      },
    )
  }
  return {
    stageOn: (store, windows) =>
      createVelocityStage({
        store,
        windows,
        pseudonymiser,
        horizons: HORIZONS,
        cacheBytes: CACHE_BYTES,
        minorPerMajor: 100,
      }),
    nextBatch(windows) {
      const empty = emptyWindows(windows)
      return batchOf(Array.from({ length: BATCH_EVENTS }, () => one(empty)))
    },
  }
}

export function noWindows(): WindowSet {
  return createWindowSet()
}

/** Twenty windows over four of the entities. */
export function twentyWindows(): WindowSet {
  const set = createWindowSet()
  const common = { counterpart: null, kind: 'payment', delayMs: 0 } as const
  for (const entity of ['card', 'account', 'device', 'merchant'] as const) {
    for (const lengthMs of [HOUR_MS / 6, HOUR_MS, 24 * HOUR_MS])
      set.slot({ ...common, fn: 'count', entity, lengthMs })
    set.slot({ ...common, fn: 'sum', entity, lengthMs: 24 * HOUR_MS })
  }
  set.slot({ ...common, fn: 'distinct', entity: 'card', counterpart: 'merchant', lengthMs: 24 * HOUR_MS })
  set.slot({ ...common, fn: 'distinct', entity: 'device', counterpart: 'card', lengthMs: HOUR_MS })
  set.slot({ ...common, fn: 'stddev', entity: 'card', lengthMs: 24 * HOUR_MS })
  set.slot({ ...common, fn: 'last_seen', entity: 'card', lengthMs: Number.POSITIVE_INFINITY })
  return set
}
