// Simulated payments as the score stage gets them: decoded and with their windows, in batches of any sizes.
import type { BatchEvent } from '../../../src/batch.ts'
import type { LogRecord } from '../../../src/log/event-log.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { isScored } from '../../../src/model/features.ts'
import { createDecodeStage } from '../../../src/payment/decode.ts'
import { loadRates } from '../../../src/payment/rates.ts'
import { encodeRecord } from '../../../src/simulator/encode.ts'
import { createSimulator } from '../../../src/simulator/simulator.ts'
import { createMemoryStore } from '../../../src/velocity/memory-store.ts'
import { createPseudonymiser } from '../../../src/velocity/pseudonym.ts'
import { createVelocityStage, emptyWindows } from '../../../src/velocity/velocity.ts'
import type { WindowSet } from '../../../src/velocity/window.ts'
import { recordAt, sourceOf } from '../../support/batches.ts'
import { HORIZONS } from '../../support/horizons.ts'

export interface SimulatedPaymentsOptions {
  /** Freezes it. */
  readonly windows: WindowSet
  readonly seed: number
  readonly startMs: number
  readonly customers: number
  /** When the world changes; never if absent. */
  readonly driftFromMs?: number
  /** Events to play; labels come on top, as they do when the model is served. */
  readonly events: number
  /** Records of the next batch. */
  readonly batchRecords: () => number
}

/** All payments among the events, in the order of arrival. */
export async function simulatedPayments(options: SimulatedPaymentsOptions): Promise<readonly BatchEvent[]> {
  const { windows, startMs } = options
  const topics = topicNames('')
  const pseudonymiser = createPseudonymiser('000102030405060708090a0b0c0d0e0f')
  const rates = loadRates('rates.yaml')
  const decode = createDecodeStage({
    topics,
    pseudonymiser,
    rates,
    newWindows: () => emptyWindows(windows),
    maxMessageBytes: 262_144,
    maxFutureSkewMs: 0,
  })
  const velocity = createVelocityStage({
    store: createMemoryStore({ retentionMs: Number.POSITIVE_INFINITY, now: () => startMs }),
    windows,
    pseudonymiser,
    horizons: HORIZONS,
    cacheBytes: 134_217_728,
    minorPerMajor: rates.minorPerMajor,
  })
  const payments: BatchEvent[] = []
  for (const records of batchesOf(options)) {
    const batch = await velocity(decode(sourceOf(records)))
    if (batch.rejected.length > 0) throw new Error(`rejected: ${batch.rejected[0]?.message}`)
    payments.push(...batch.events.filter(isScored))
  }
  return payments
}

/** A batch is of one topic, so it ends where the topic changes. */
function* batchesOf(options: SimulatedPaymentsOptions) {
  const { events, batchRecords, startMs } = options
  const topics = topicNames('')
  const simulator = createSimulator(options)
  let records: LogRecord[] = []
  let size = batchRecords()
  for (let offset = 0, played = 0; played < events; offset++) {
    const simulated = simulator.next()
    if (simulated.kind === 'event') played++
    const { topic, value, timestampMs } = encodeRecord(simulated, topics)
    if (records.length >= size || (records.length > 0 && records[0]?.topic !== topic)) {
      yield records
      records = []
      size = batchRecords()
    }
    records.push({ ...recordAt(offset, String(value)), topic, timestampMs: timestampMs ?? startMs })
  }
  if (records.length > 0) yield records
}
