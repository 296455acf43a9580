// Features recounted from nothing but the journals up to each payment, by the brute-force oracle of windows.
import { compileFeatures, type Feature, isScored } from '../../../src/model/features.ts'
import type { TrainingRecord } from '../../../src/model/training-records.ts'
import { createDecodeStage } from '../../../src/payment/decode.ts'
import { loadRates } from '../../../src/payment/rates.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { createMemoryStore } from '../../../src/velocity/memory-store.ts'
import { journalKey } from '../../../src/velocity/journal-key.ts'
import { createPseudonymiser } from '../../../src/velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows } from '../../../src/velocity/velocity.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { recordAt, sourceOf } from '../../support/batches.ts'
import { HORIZONS } from '../../support/horizons.ts'
import { countedRecords, createOracle, idOf, type RawRecord } from '../velocity/oracle.ts'
import { remembering } from '../velocity/remembering.ts'

export interface RecountedRow {
  readonly id: string
  readonly values: Float64Array
}

/** Feature values of every `each`-th payment, in the order of arrival. */
export async function recountedRows(
  features: readonly Feature[],
  records: Iterable<TrainingRecord>,
  each: number,
): Promise<(RecountedRow | null)[]> {
  const windows = createWindowSet()
  const problems: string[] = []
  const read = compileFeatures(features, { windows, horizons: HORIZONS }, problems)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const topics = topicNames('')
  const pseudonymiser = createPseudonymiser('000102030405060708090a0b0c0d0e0f')
  const rates = loadRates('rates.yaml')
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => emptyWindows(windows),
    maxMessageBytes: 262_144,
    maxFutureSkewMs: Number.POSITIVE_INFINITY,
  })
  const journals = new Map<string, RawRecord[]>()
  const velocity = createVelocityStage({
    store: remembering(createMemoryStore({ retentionMs: Number.POSITIVE_INFINITY, now: () => 0 }), journals),
    windows,
    pseudonymiser,
    horizons: HORIZONS,
    cacheBytes: 64_000_000,
    minorPerMajor: rates.minorPerMajor,
  })
  const rows: (RecountedRow | null)[] = []
  for (const record of records) {
    if (record.kind === 'later-label') continue
    const { topic, value } = record.output
    const batch = await velocity(decode(sourceOf([{ ...recordAt(0, String(value)), topic }])))
    for (const event of batch.events.filter(isScored)) {
      if (rows.length % each !== 0) {
        rows.push(null)
        continue
      }
      // Only now: what comes later is not there yet.
      const recounted = emptyWindows(windows)
      const id = idOf(pseudonymiser.eventId('', event.event.id))
      const oracles = new Map(
        event.entities.map((entity) => {
          const counted = countedRecords(journals.get(journalKey(entity)) ?? [], HORIZONS)
          return [entity.type, createOracle(counted, entity.type, id, rates.minorPerMajor, HORIZONS)]
        }),
      )
      for (const [slot, spec] of windows.specs.entries())
        recounted[slot] = oracles.get(spec.entity)?.(spec) ?? recounted[slot]!
      const values = new Float64Array(features.length)
      read({ ...event, windows: recounted }, values, 0)
      rows.push({ id: event.event.id, values })
    }
  }
  await velocity.coalescer.close()
  return rows
}
