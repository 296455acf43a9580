// Writes down what simulated people do: gives events their ids and times, decides when they arrive, keeps them and
// their labels until then, and counts payments.
import type { Label, PaymentEvent } from '../payment/event.ts'
import { createQueue } from './queue.ts'
import { createRandom, type Random } from './random.ts'
import { DAY_MS, HOUR_MS } from './rhythm.ts'

export interface SimulatedEvent {
  readonly kind: 'event'
  readonly event: PaymentEvent
  readonly truth: 'genuine' | 'fraud'
  /** `name#number` of the fraud campaign that it belongs to. */
  readonly campaign: string | null
  /** When the event log gets it, epoch milliseconds; never before the event's own time. */
  readonly arrivesAtMs: number
}

export interface SimulatedLabel {
  readonly kind: 'label'
  readonly label: Label
  readonly arrivesAtMs: number
}

export type SimulatedRecord = SimulatedEvent | SimulatedLabel

/** An event without what the recorder adds. */
export interface EventFields {
  readonly type: PaymentEvent['type']
  /** Minor units. */
  readonly amount: number
  readonly currency: string
  readonly outcome?: PaymentEvent['outcome']
  readonly channel: PaymentEvent['channel']
  readonly payer: PaymentEvent['payer']
  readonly instrument?: PaymentEvent['instrument']
  readonly payee?: PaymentEvent['payee']
  readonly device?: PaymentEvent['device']
  readonly authentication?: PaymentEvent['authentication']
  readonly attributes?: PaymentEvent['attributes']
}

/** Whose doing an event is. */
export interface Origin {
  readonly truth: 'genuine' | 'fraud'
  readonly campaign: string | null
}
export const GENUINE: Origin = { truth: 'genuine', campaign: null }

/** How one victim's fraud becomes known. */
export interface Report {
  readonly by: 'customer' | 'chargeback' | 'analyst' | 'nobody'
  /** When the customer calls or the analyst decides; Infinity for a chargeback, whose delay is the payment's own. */
  readonly atMs: number
}

export interface Recorder {
  /** Payments (authorisation, transfer, withdrawal; declined ones too) written so far. */
  payments(truth: Origin['truth']): number
  write(atMs: number, fields: EventFields, origin: Origin): SimulatedEvent
  /** Labels a fraudulent payment as the report says; returns when the label arrives, Infinity when it never does. */
  labelFraud(record: SimulatedEvent, report: Report): number
  /** An analyst's label, hours later. */
  labelGenuine(record: SimulatedEvent): void
  /** When the earliest waiting record arrives; Infinity when none waits. */
  nextMs(): number
  take(): SimulatedRecord | null
  /** Records that wait. */
  waiting(): number
}

const MAX_LATENESS_MS = 10 * 60_000
const IS_PAYMENT: ReadonlySet<PaymentEvent['type']> = new Set(['authorisation', 'transfer', 'withdrawal'])

/** `runTag` goes into every id, so that two runs do not share one. */
export function createRecorder(seed: number, runTag: string): Recorder {
  const random = createRandom(seed, 2)
  const queue = createQueue<SimulatedRecord>()
  const payments = { genuine: 0, fraud: 0 }
  let events = 0
  let labels = 0

  const label = (
    of: SimulatedEvent,
    verdict: Label['label'],
    source: Label['source'],
    atMs: number,
  ): number => {
    const knownAtMs = Math.max(Math.round(atMs), of.arrivesAtMs + 60_000)
    const { payer, instrument, payee, device, id } = of.event
    const fields = { payer, instrument, payee, device }
    const labelled: Label = {
      id: `lab_${runTag}_${(labels++).toString(36)}`,
      event: id,
      eventTime: of.event.time,
      label: verdict,
      time: new Date(knownAtMs).toISOString(),
      source,
      ...fields,
    }
    const arrivesAtMs = knownAtMs + latencyMs(random)
    queue.add(arrivesAtMs, { kind: 'label', label: labelled, arrivesAtMs })
    return arrivesAtMs
  }

  return {
    payments: (truth) => payments[truth],
    write(atMs, fields, origin) {
      const timeMs = Math.round(atMs)
      const event: PaymentEvent = {
        id: `ev_${runTag}_${(events++).toString(36)}`,
        type: fields.type,
        time: new Date(timeMs).toISOString(),
        amount: fields.amount,
        currency: fields.currency,
        outcome: fields.outcome,
        channel: fields.channel,
        payer: fields.payer,
        instrument: fields.instrument,
        payee: fields.payee,
        device: fields.device,
        authentication: fields.authentication,
        attributes: fields.attributes,
      }
      if (IS_PAYMENT.has(fields.type)) payments[origin.truth]++
      const { truth, campaign } = origin
      const record: SimulatedEvent = {
        kind: 'event',
        event,
        truth,
        campaign,
        arrivesAtMs: timeMs + latencyMs(random),
      }
      queue.add(record.arrivesAtMs, record)
      return record
    },
    labelFraud(record, report) {
      if (report.by === 'nobody') return Number.POSITIVE_INFINITY
      if (report.by !== 'chargeback') return label(record, 'fraud', report.by, report.atMs)
      const delayMs = Math.min(Math.max(random.logNormal(16 * DAY_MS, 0.6), 2 * DAY_MS), 90 * DAY_MS)
      return label(record, 'fraud', 'chargeback', record.arrivesAtMs + delayMs)
    },
    labelGenuine(record) {
      label(record, 'genuine', 'analyst', record.arrivesAtMs + random.logNormal(8 * HOUR_MS, 0.9))
    },
    nextMs: () => queue.nextMs(),
    take: () => queue.take(),
    waiting: () => queue.size(),
  }
}

/** Mostly a tenth of a second; one event in 150 waits seconds to minutes somewhere and arrives out of order. */
function latencyMs(random: Random): number {
  const usual = random.logNormal(110, 0.6)
  const extra = random.chance(1 / 150) ? random.logNormal(20_000, 1.2) : 0
  return Math.ceil(Math.min(usual + extra, MAX_LATENESS_MS))
}
