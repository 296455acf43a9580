// A backlog of events and labels on a real Kafka, and a processor that takes seconds for it.
import { expect, it } from 'vitest'
import type { LogRecord } from '../../src/log/event-log.ts'
import { HEADERS } from '../../src/log/topics.ts'
import type { Metrics } from '../../src/telemetry/metrics.ts'
import { brokerStamps, decidedAfterMs } from '../support/broker-stamps.ts'
import { textOf } from '../support/collector.ts'
import { label } from '../support/events.ts'
import { controlledProcessors } from './control-support.ts'

const EVENTS = 9_000
const LABELS = 6_000
const DEADLINE_MS = 250
const FETCH_BYTES = 4_194_304

const open = controlledProcessors()

interface Sample {
  readonly decided: number
  readonly labelled: number
  readonly inFlightBytes: number
  readonly level: number
  readonly paused: number
}

async function sample(metrics: Metrics): Promise<Sample> {
  const text = await metrics.text()
  const value = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0)
  return {
    decided: value(/^paysentry_events_total\{.*outcome="decided"\} (\d+)$/m),
    labelled: value(/^paysentry_events_total\{.*outcome="labelled"\} (\d+)$/m),
    inFlightBytes: value(/^paysentry_in_flight_bytes (\d+)$/m),
    level: value(/^paysentry_overload_level (\d+)$/m),
    paused: value(/^paysentry_paused_partitions (\d+)$/m),
  }
}

it('decides events first and labels afterwards, loses and repeats nothing, and marks what came late', async () => {
  const processors = await open()
  const { topics, log, decisions } = processors
  await log.produce(
    Array.from({ length: LABELS }, (_, i) => {
      const payer = { account: `acc-${i}` }
      const value = label({ id: `lab-${i}`, event: `evt-${i}`, payer, instrument: undefined })
      return { topic: topics.labels, key: payer.account, value: JSON.stringify(value) }
    }),
  )
  await processors.send(EVENTS)
  const { metrics } = await processors.start('only')
  const samples: Sample[] = []
  const until = async (condition: (now: Sample) => boolean): Promise<Sample> => {
    for (;;) {
      const now = await sample(metrics)
      samples.push(now)
      if (condition(now)) return now
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  // Half of the labels would be done by then if both topics went side by side.
  const whenDecided = await until(({ decided }) => decided >= EVENTS)
  expect(whenDecided.labelled).toBeLessThan(LABELS / 3)
  expect(whenDecided.labelled).toBeGreaterThan(0)
  expect(whenDecided.level).toBeGreaterThan(0)
  expect(Math.max(...samples.map(({ paused }) => paused))).toBe(4)

  // Then the labels, and labels give way no longer.
  const after = await until(({ labelled, level }) => labelled >= LABELS && level === 0)
  expect(after).toMatchObject({ decided: EVENTS, labelled: LABELS, paused: 0 })
  expect(Math.max(...samples.map(({ inFlightBytes }) => inFlightBytes))).toBeLessThanOrEqual(FETCH_BYTES)
  const levels = samples.map(({ level }) => level)
  expect(levels.filter((level, i) => level === 0 && (levels[i - 1] ?? 0) > 0)).toHaveLength(1)

  // However slow the machine is, one of those that come now is decided in time.
  for (let inTime = false; !inTime; ) {
    await processors.send(1)
    await decisions.until(() => decisions.records.length >= processors.sent())
    inTime = decisions.records.at(-1)?.headers[HEADERS.deadlineMissedBy] === undefined
  }
  const ids = decisions.records.map((record) => String(JSON.parse(textOf(record)).event))
  expect(ids).toHaveLength(processors.sent())
  expect(new Set(ids).size).toBe(processors.sent())
  expectMarks(decisions.records, await brokerStamps(log, topics.events))
})

function expectMarks(records: readonly LogRecord[], stamps: ReadonlyMap<string, number>): void {
  let marked = 0
  for (const record of records) {
    const lateMs = decidedAfterMs(record, stamps) - DEADLINE_MS
    const mark = record.headers[HEADERS.deadlineMissedBy]?.toString()
    expect(mark).toBe(lateMs > 0 ? String(lateMs) : undefined)
    if (lateMs > 0) marked++
  }
  expect(marked).toBeGreaterThan(EVENTS / 2)
  expect(marked).toBeLessThan(records.length)
}
