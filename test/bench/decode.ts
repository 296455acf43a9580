// What decode costs an event, in CPU time: all of it, and its dearest parts. `node test/bench/decode.ts` runs it alone.
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { TOPICS, topicNames } from '../../src/log/topics.ts'
import { findClearCardNumber } from '../../src/payment/card-check.ts'
import { maskCardNumbers } from '../../src/payment/card-number.ts'
import { createDecodeStage } from '../../src/payment/decode.ts'
import { paymentEventSchema } from '../../src/payment/event.ts'
import { parseRates } from '../../src/payment/rates.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'
import { logRecord, paymentEvent } from '../support/events.ts'

const BATCH_EVENTS = 200
const WARM_ROUNDS = 200
const MEASURED_ROUNDS = 1_000
const RATES = 'version: bench\ndate: 2026-03-01\nbase: EUR\nrates: { USD: 1.08 }\n'

export async function run(): Promise<void> {
  const pseudonymiser = createPseudonymiser('000102030405060708090a0b0c0d0e0f')
  const decode = createDecodeStage({
    topics: topicNames(''),
    pseudonymiser,
    rates: parseRates(RATES, 'bench'),
    newWindows: () => new Float64Array(32),
    maxMessageBytes: 262_144,
    maxFutureSkewMs: 300_000,
  })
  const clean = Array.from({ length: BATCH_EVENTS }, (_, i) => paymentEvent({ id: `evt-${i}` }))
  // Another account number in each of 40 looks like a card number; the fields are told apart then.
  const numeric = clean.map((event) => ({ ...event, payer: { account: '4111111111111111' } }))
  const ipv6 = clean.map((event) => ({ ...event, device: { id: 'dev-1', ip: '2001:db8::8a2e:370:7334' } }))
  const wrong = clean.map((event) => ({ ...event, amount: 19.99 }))
  for (const [name, events] of Object.entries({ clean, numeric, ipv6, wrong })) {
    const source = batchOf(events)
    measure(`decode, ${NAMES[name]}`, () => void decode(source))
  }

  const records = clean.map((event) => logRecord(event))
  const texts = records.map((record) => record.value?.toString() ?? '')
  const messages = texts.map((text): object => JSON.parse(text))
  const each = (name: string, work: (index: number) => unknown) =>
    measure(name, () => {
      for (let i = 0; i < BATCH_EVENTS; i++) work(i)
    })
  each('  of which JSON.parse', (i) => JSON.parse(texts[i]!))
  each('  of which the schema', (i) => paymentEventSchema.safeParse(messages[i]))
  each('  of which card numbers', (i) => findClearCardNumber(texts[i]!, messages[i]!, records[i]!))
  each('  of which entities', (i) => pseudonymiser.entitiesOf(clean[i]!))
  each('masking a clean log line', (i) => maskCardNumbers(texts[i]!))
}

const NAMES: Readonly<Record<string, string>> = {
  clean: 'an event of 490 bytes',
  numeric: 'its account looks like a card number',
  ipv6: 'its address is IPv6',
  wrong: 'it is rejected with a message',
}

function batchOf(events: readonly object[]): PartitionBatch {
  return {
    topic: TOPICS.events,
    partition: 0,
    records: events.map((event) => logRecord(event)),
    lag: 0,
    arrivedAtMs: 0,
    note: '',
    isStale: () => false,
    publish: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    commitNote: () => Promise.resolve(),
  }
}

function measure(name: string, round: () => void): void {
  for (let i = 0; i < WARM_ROUNDS; i++) round()
  const { user: userBefore, system: systemBefore } = process.cpuUsage()
  for (let i = 0; i < MEASURED_ROUNDS; i++) round()
  const { user, system } = process.cpuUsage()
  const cpu = user + system - userBefore - systemBefore
  console.log(`${name.padEnd(46)} ${(cpu / MEASURED_ROUNDS / BATCH_EVENTS).toFixed(2)} µs CPU`)
}

if (import.meta.main) await run()
