// Whenever the journals go away and come back, and whenever the processor is replaced meanwhile: every event is decided, afterwards
// every journal holds every event once, and each decision that does not say otherwise was made from exact windows.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { BatchEvent } from '../../src/batch.ts'
import { configSchema } from '../../src/config.ts'
import { scoreOrFail } from '../../src/degrade.ts'
import { AppError } from '../../src/errors.ts'
import { createFallback } from '../../src/fallback.ts'
import type { EventLog, LogRecord, OutputRecord, PartitionBatch } from '../../src/log/event-log.ts'
import { createInProcessLog } from '../../src/log/in-process-log.ts'
import { TOPICS, topicNames } from '../../src/log/topics.ts'
import { createDecodeStage } from '../../src/payment/decode.ts'
import { parseRates } from '../../src/payment/rates.ts'
import { createPoisonGuard } from '../../src/poison.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { createRunner } from '../../src/runner.ts'
import type { JournalStore } from '../../src/velocity/journal-store.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import { journalKey } from '../../src/velocity/journal-key.ts'
import { createMemoryStore } from '../../src/velocity/memory-store.ts'
import { createVelocityStage, emptyWindows } from '../../src/velocity/velocity.ts'
import { EVENT_TIME_MS, paymentEvent } from '../support/events.ts'
import { countedRecords, idOf, type RawRecord, rawRecords } from '../unit/velocity/oracle.ts'
import { allWindows, keysOf, pseudonymiser, WIDE, wrongWindow } from '../unit/velocity/traffic.ts'

const PARTITIONS = 2
const PAYERS = 8
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const windows = allWindows(['account', 'merchant'], [1_000, 60_000], ['payment'])
const countOfAccount = windows.specs.findIndex(
  ({ fn, entity, lengthMs }) => fn === 'count' && entity === 'account' && lengthMs === 60_000,
)
const config = {
  deadline: configSchema.shape.deadline.parse({ ms: 60_000 }),
  degrade: configSchema.shape.degrade.parse({}),
}

/** Journals that can be away: a call is then refused, or carried out and its reply lost. */
function awayable(store: JournalStore) {
  const state: { mode: 'there' | 'refused' | 'lost reply' } = { mode: 'there' }
  const away = () => new AppError('STORE_UNAVAILABLE', 'away')
  const journals: JournalStore = {
    ...store,
    async append(requests, onReply) {
      if (state.mode === 'refused') throw away()
      if (state.mode === 'there') return store.append(requests, onReply)
      await store.append(requests, () => undefined)
      throw away()
    },
    async ping() {
      if (state.mode !== 'there') throw away()
    },
  }
  return { journals, state }
}

/** An in-process log that keeps what was committed, as Kafka does. */
async function retainingLog() {
  const inProcess = createInProcessLog({ partitions: PARTITIONS, now: Date.now })
  const kept: LogRecord[] = []
  await inProcess.follow({ topic: TOPICS.events, onRecords: (records) => void kept.push(...records) })
  const log: EventLog = {
    ...inProcess,
    kind: 'kafka',
    async readSpan({ partition, from, to, onRecords }) {
      const inSpan = ({ offset }: LogRecord) => BigInt(offset) >= from && BigInt(offset) < to
      const records = kept.filter((record) => record.partition === partition && inSpan(record))
      // Slowly, so that new events come meanwhile.
      for (let at = 0; at < records.length; at += 3) {
        await turn()
        await onRecords(records.slice(at, at + 3))
      }
    },
  }
  return { log, send: (record: OutputRecord) => void inProcess.append([record]) }
}

interface Life {
  readonly left: () => number
  /** Nothing that is in hand is committed any more. */
  kill(): Promise<void>
}

/** A processor from decode to commit, without model and rules. */
async function start(life: number, log: EventLog, store: JournalStore, done: BatchEvent[]): Promise<Life> {
  let alive = true
  const decode = createDecodeStage({
    topics: topicNames(''),
    pseudonymiser,
    rates: parseRates('version: t1\ndate: 2026-03-01\nbase: EUR\nrates: { USD: 1.25 }\n', 'rates'),
    newWindows: () => emptyWindows(windows),
    maxMessageBytes: 262_144,
    maxFutureSkewMs: 86_400_000,
  })
  const onFatal = (error: AppError): void => expect.fail(error.message)
  const velocity = createVelocityStage({
    store,
    windows,
    pseudonymiser,
    horizons: WIDE,
    cacheBytes: 4_000,
    minorPerMajor: 100,
  })
  const journal = async (source: PartitionBatch): Promise<void> => void (await velocity(decode(source)))
  const fallback = createFallback({
    config,
    log,
    ping: store.ping,
    journal,
    now: Date.now,
    clock: () => performance.now(),
    sink: SILENT,
    onFatal,
    areLost: () => false,
  })
  const guard = createPoisonGuard({
    owner: `life-${life}`,
    maxTries: 3,
    missing: fallback.repair.missing,
    onMissingFound: fallback.repair.add,
    onSuspect: () => undefined,
    onNoteFailed: () => undefined,
  })
  const stages = {
    decode: guard.decode(decode),
    velocity: fallback.velocity(velocity),
    score: scoreOrFail((batch) => batch),
    rules: (batch) => batch,
    decide: (batch) => batch,
  } satisfies Parameters<typeof createPipeline>[0]
  const observer = {
    stage: () => undefined,
    completed: ({ events }: { events: BatchEvent[] }) => void done.push(...events),
  }
  const runner = createRunner({
    pipeline: guard.pipeline(createPipeline(stages, fallback.standIns, observer)),
    missing: fallback.missing,
    mayGoWithout: fallback.mayGoWithout,
    onDegrade: fallback.degraded,
    onRetry: () => undefined,
    onAbandon: () => undefined,
    onFatal,
  })
  const mortal = (batch: PartitionBatch): PartitionBatch => {
    const guarded = (work: () => Promise<void>): Promise<void> =>
      alive ? work() : Promise.reject(new AppError('PARTITION_LOST', 'killed'))
    return {
      ...batch,
      commit: (note) => guarded(() => batch.commit(note)),
      commitNote: (note) => guarded(() => batch.commitNote(note)),
    }
  }
  const consumer = await log.consume({
    topics: [TOPICS.events],
    groupId: 'paysentry',
    maxBatchRecords: 5,
    limit: guard.limit,
    concurrentPartitions: PARTITIONS,
    from: 'earliest',
    onBatch: (batch) => runner.run(mortal(batch)),
  })
  return {
    left: fallback.repair.left,
    async kill() {
      alive = false
      runner.stop()
      await consumer.stop()
      await fallback.close()
    },
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 2))

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('events'), count: fc.integer({ min: 1, max: 12 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('refused', 'lost reply', 'there'), count: fc.nat(4) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), count: fc.nat(4) }) },
)

it('completes the journals after any outage, over restarts, and windows are exact where they are said to be', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const { log, send: append } = await retainingLog()
      const { journals, state } = awayable(createMemoryStore({ retentionMs: 86_400_000, now: () => 0 }))
      const done: BatchEvent[] = []
      let sent = 0
      const send = (count: number): void => {
        for (let i = 0; i < count; i++, sent++) {
          const payer = `acc-${sent % PAYERS}`
          const time = new Date(EVENT_TIME_MS + 100 * sent).toISOString()
          const payee = { merchant: `mer-${sent % 3}` }
          const event = paymentEvent({
            id: `e${sent}`,
            time,
            payer: { account: payer },
            payee,
            amount: 100 + sent,
          })
          append({ topic: TOPICS.events, key: payer, value: JSON.stringify(event) })
        }
      }
      const isDecided = () => new Set(done.map(({ event }) => event.id)).size === sent
      let lives = 0
      let life = await start(lives++, log, journals, done)
      for (const { kind, count } of steps) {
        if (kind === 'events') send(count)
        else if (kind === 'restart') {
          await life.kill()
          life = await start(lives++, log, journals, done)
        } else state.mode = kind
        const turns = kind === 'events' ? 0 : count
        for (let i = 0; i < turns; i++) await turn()
      }
      // Whatever the state of the journals: an answer.
      await until(isDecided)
      state.mode = 'there'
      send(PAYERS)
      while (!isDecided() || life.left() > 0) {
        if (sent < 500) send(1)
        await turn()
      }
      send(PAYERS)
      await until(isDecided)
      await life.kill()

      const wholes = new Map<string, RawRecord[]>()
      for (const key of keysOf(done))
        wholes.set(
          key,
          countedRecords(rawRecords((await readJournal(journals, key)) ?? new Uint8Array(16)), WIDE),
        )
      for (const event of done) {
        const id = idOf(pseudonymiser.eventId('', event.event.id))
        const holding = event.entities.filter((entity) =>
          wholes.get(journalKey(entity))?.some((record) => record.id === id),
        )
        expect(holding).toEqual(event.entities)
        const wrong = wrongWindow(event, windows, wholes)
        if (event.degraded.length > 0) continue
        expect(wrong).toBeNull()
        // One payer's events stay in order, and all lie within a minute: none before this one is missing.
        const number = Number(event.event.id.slice(1))
        expect(event.windows[countOfAccount]).toBe(Math.floor(number / PAYERS) + 1)
      }
      const last = done.filter(({ event }) => Number(event.id.slice(1)) >= sent - PAYERS)
      expect(last.every(({ degraded }) => degraded.length === 0)).toBe(true)
      await log.close()
    }),
    { numRuns: 25 },
  )
})
