// What the simulator's tests share: streams with a fixed start, and what stands in a record.
import {
  createSimulator,
  type SimulatedEvent,
  type SimulatedLabel,
  type SimulatedRecord,
  type SimulatorOptions,
} from '../../../src/simulator/simulator.ts'

/** A Monday. */
export const START_MS = Date.UTC(2026, 0, 5)
export const DAY_MS = 86_400_000
const PAYMENTS = new Set(['authorisation', 'transfer', 'withdrawal'])

export function take(count: number, options: Partial<SimulatorOptions> = {}): SimulatedRecord[] {
  const simulator = createSimulator({ seed: 1, startMs: START_MS, ...options })
  return Array.from({ length: count }, () => simulator.next())
}

export function eventsOf(records: readonly SimulatedRecord[]): SimulatedEvent[] {
  return records.filter((record) => record.kind === 'event')
}

export function labelsOf(records: readonly SimulatedRecord[]): SimulatedLabel[] {
  return records.filter((record) => record.kind === 'label')
}

export function isPayment({ event }: SimulatedEvent): boolean {
  return PAYMENTS.has(event.type)
}

export function timeOf({ event }: SimulatedEvent): number {
  return Date.parse(event.time)
}

/** The records of each campaign run, in order of event time. */
export function runsOf(records: readonly SimulatedRecord[]): SimulatedEvent[][] {
  const runs = Map.groupBy(
    eventsOf(records).filter(({ campaign }) => campaign !== null),
    ({ campaign }) => campaign,
  )
  return [...runs.values()].map((run) => run.sort((a, b) => timeOf(a) - timeOf(b)))
}
