import { describe, expect, it, onTestFinished } from 'vitest'
import type { Rejected } from '../../../src/batch.ts'
import { AppError } from '../../../src/errors.ts'
import { deadLetter } from '../../../src/log/dead-letter.ts'
import { readDeadLetters } from '../../../src/log/dead-letter-reader.ts'
import { replayDeadLetters } from '../../../src/log/dead-letter-replay.ts'
import type { EventLog, LogRecord } from '../../../src/log/event-log.ts'
import { createInProcessLog } from '../../../src/log/in-process-log.ts'
import { TOPICS } from '../../../src/log/topics.ts'
import { maskRecord } from '../../../src/payment/card-mask.ts'
import { logRecord } from '../../support/events.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const CARD = '4111111111111111'

function openLog(): EventLog {
  const log = createInProcessLog({ partitions: 3, now: () => START_MS })
  onTestFinished(() => log.close())
  return log
}

/** Publishes the dead letter of a message, rejected `minute` minutes after the start. */
async function reject(log: EventLog, record: Partial<LogRecord>, slots: Partial<Rejected> = {}, minute = 0) {
  const rejected: Rejected = {
    record: logRecord('{"id":"e1"}', { key: Buffer.from('acc-1'), ...record }),
    code: 'EVENT_INVALID',
    stage: 'decode',
    message: 'amount is missing',
    ...slots,
  }
  await log.produce([
    deadLetter(rejected, { topics: TOPICS, nowMs: START_MS + 60_000 * minute, mask: maskRecord }),
  ])
}

const all = (log: EventLog) => readDeadLetters(log, TOPICS)

async function contents(log: EventLog, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const follower = await log.follow({ topic, onRecords: (more) => void records.push(...more) })
  await follower.stop()
  return records
}

/** Replays every letter, or as many chunks as are done before the signal. */
async function replay(log: EventLog, signal = new AbortController().signal) {
  const letters = await all(log)
  return replayDeadLetters(letters, { log, topics: TOPICS, onProgress: () => undefined, signal })
}

describe('reading dead letters', () => {
  it('tells code, stage, reason, time and place of each, oldest first', async () => {
    const log = openLog()
    await reject(log, { partition: 2, offset: '7' }, {}, 5)
    await reject(log, { key: null, offset: '8' }, { code: 'MESSAGE_NOT_JSON', message: 'no JSON' }, 1)
    const [first, second] = await all(log)
    expect(first).toMatchObject({ code: 'MESSAGE_NOT_JSON', key: null, source: 'payments.events/0/8' })
    expect(second).toMatchObject({
      code: 'EVENT_INVALID',
      stage: 'decode',
      message: 'amount is missing',
      timeMs: START_MS + 300_000,
      topic: 'payments.events',
      source: 'payments.events/2/7',
      firstSource: null,
      key: 'acc-1',
      state: 'open',
    })
  })

  it('leaves out what the filter does not name', async () => {
    const log = openLog()
    await reject(log, { key: Buffer.from('a') }, { code: 'EVENT_INVALID' }, 0)
    await reject(log, { key: Buffer.from('b') }, { code: 'EVENT_FROM_FUTURE' }, 10)
    await reject(log, { key: Buffer.from('c'), topic: TOPICS.labels }, { stage: 'velocity' }, 20)
    const keys = async (filter: Parameters<typeof readDeadLetters>[2]) =>
      (await readDeadLetters(log, TOPICS, filter)).map(({ key }) => key)
    expect(await keys({})).toEqual(['a', 'b', 'c'])
    expect(await keys({ codes: new Set(['EVENT_FROM_FUTURE']) })).toEqual(['b'])
    expect(await keys({ stage: 'velocity' })).toEqual(['c'])
    expect(await keys({ topic: TOPICS.labels })).toEqual(['c'])
    expect(await keys({ key: 'a' })).toEqual(['a'])
    expect(await keys({ sinceMs: START_MS + 600_000 })).toEqual(['b', 'c'])
    expect(await keys({ untilMs: START_MS + 600_000 })).toEqual(['a'])
    expect(await keys({ key: 'a', stage: 'velocity' })).toEqual([])
  })

  it('says which lost a card number and which came from a topic that is no input', async () => {
    const log = openLog()
    await reject(log, { value: Buffer.from(`{"note":"${CARD}"}`) }, { code: 'MESSAGE_NOT_JSON' }, 0)
    await reject(log, { key: Buffer.from(CARD), value: Buffer.from('x') }, {}, 1)
    await reject(log, { headers: { card: CARD } }, {}, 2)
    await reject(log, { topic: 'other.events' }, {}, 3)
    expect((await all(log)).map(({ state }) => state)).toEqual(['masked', 'masked', 'masked', 'foreign'])
    const records = await contents(log, TOPICS.deadLetters)
    const masked = records.map(({ headers }) => String(headers['paysentry.error.masked'] ?? ''))
    expect(masked.sort()).toEqual(['', 'headers', 'key', 'value'])
  })
})

describe('replaying dead letters', () => {
  it('publishes key, value and headers as they came, and where the message was', async () => {
    const log = openLog()
    const headers = { trace: Buffer.from('t-1'), 'paysentry.error.note': Buffer.from('theirs') }
    await reject(log, { partition: 2, offset: '7', headers })
    const [letter] = await all(log)
    expect(await replay(log)).toEqual({ replayed: 1, gone: 0, left: 0 })
    const [message] = await contents(log, TOPICS.events)
    expect(message).toMatchObject({ key: Buffer.from('acc-1'), value: Buffer.from('{"id":"e1"}') })
    const texts = Object.entries(message!.headers).map(([name, value]) => [name, String(value)])
    expect(Object.fromEntries(texts)).toEqual({
      trace: 't-1',
      'paysentry.error.note': 'theirs',
      'paysentry.replayed-from': `payments.dead-letters/${letter!.position}`,
      'paysentry.first-source': 'payments.events/2/7',
    })
  })

  it('remembers which were replayed, and replay marks are no dead letters', async () => {
    const log = openLog()
    await reject(log, {})
    await reject(log, { offset: '1' })
    expect((await all(log)).map(({ state }) => state)).toEqual(['open', 'open'])
    await replay(log)
    expect((await all(log)).map(({ state }) => state)).toEqual(['replayed', 'replayed'])
  })

  it('names the first source however often a message is rejected again', async () => {
    const log = openLog()
    await reject(log, { offset: '7' })
    for (const offset of ['100', '200']) {
      await replay(log)
      const message = (await contents(log, TOPICS.events)).at(-1)!
      await reject(log, { headers: message.headers, offset }, {}, Number(offset))
    }
    expect((await all(log)).map(({ source, firstSource }) => [source, firstSource])).toEqual([
      ['payments.events/0/7', null],
      ['payments.events/0/100', 'payments.events/0/7'],
      ['payments.events/0/200', 'payments.events/0/7'],
    ])
  })

  it('keeps the order of a key, over chunks too', async () => {
    const log = openLog()
    for (let i = 0; i < 900; i++) await reject(log, { value: Buffer.from(String(i)) }, {}, i)
    expect(await replay(log)).toMatchObject({ replayed: 900 })
    const values = (await contents(log, TOPICS.events)).map(({ value }) => Number(value))
    expect(values).toEqual(Array.from({ length: 900 }, (_, i) => i))
  })

  it('goes on after the last marked chunk when it was broken off', async () => {
    const log = openLog()
    for (let i = 0; i < 700; i++) await reject(log, { offset: String(i) }, {}, i)
    const stop = new AbortController()
    const letters = await all(log)
    const options = { log, topics: TOPICS, onProgress: () => stop.abort(), signal: stop.signal }
    expect(await replayDeadLetters(letters, options)).toEqual({ replayed: 500, gone: 0, left: 200 })
    const open = (await all(log)).filter(({ state }) => state === 'open')
    expect(open.map(({ source }) => source)).toEqual(letters.slice(500).map(({ source }) => source))
  })

  it('replays a chunk once more that was broken off between the messages and their marks, and then no more', async () => {
    const log = openLog()
    for (let i = 0; i < 3; i++)
      await reject(log, { offset: String(i), value: Buffer.from(`{"id":"e${i}"}`) }, {}, i)
    const broken: EventLog = {
      ...log,
      async produce(records) {
        if (records.some(({ topic }) => topic === TOPICS.deadLetters)) {
          throw new AppError('LOG_UNAVAILABLE', 'the broker went away')
        }
        await log.produce(records)
      },
    }
    await expect(replay(broken)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' })
    expect((await all(log)).map(({ state }) => state)).toEqual(['open', 'open', 'open'])
    expect(await replay(log)).toEqual({ replayed: 3, gone: 0, left: 0 })
    expect((await all(log)).map(({ state }) => state)).toEqual(['replayed', 'replayed', 'replayed'])
    const messages = await contents(log, TOPICS.events)
    const byId = Map.groupBy(messages, ({ value }) => String(value))
    // The same message both times, to the byte and with the same origin: its event counts once.
    expect([...byId.values()].map((copies) => copies.length)).toEqual([2, 2, 2])
    for (const [first, second] of byId.values()) {
      expect(second).toMatchObject({ key: first!.key, value: first!.value, headers: first!.headers })
    }
  })

  it('counts what is gone meanwhile', async () => {
    const log = openLog()
    await reject(log, {})
    const [letter] = await all(log)
    const options = {
      log,
      topics: TOPICS,
      onProgress: () => undefined,
      signal: new AbortController().signal,
    }
    const missing = { ...letter!, position: '0/99' }
    expect(await replayDeadLetters([missing], options)).toEqual({ replayed: 0, gone: 1, left: 0 })
    expect(await contents(log, TOPICS.events)).toEqual([])
  })
})
