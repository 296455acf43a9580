import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/log/event-log.ts'
import { HEADERS } from '../../src/log/topics.ts'
import { collect, textOf } from '../support/collector.ts'
import { paymentEvent } from '../support/events.ts'
import { runPaysentry } from '../support/processor.ts'
import { deploy } from './deployment.ts'
import { recount } from './recount.ts'

const header = (record: LogRecord | undefined, name: string): string => String(record?.headers[name] ?? '')

describe('dead letters on a real Kafka and a real Redis', async () => {
  const deployment = await deploy()
  const { topics, log, config, env } = deployment
  const paysentry = async (...args: string[]) => {
    const { code, stdout, stderr } = await runPaysentry(['dead-letters', ...args], env)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return stdout
  }
  const messageOf = (id: string, timeMs: number) => {
    const time = new Date(timeMs).toISOString()
    return { topic: topics.events, key: 'acc-1', value: JSON.stringify(paymentEvent({ id, time })) }
  }
  const events = ['future-1', 'future-2'].map((id) => messageOf(id, Date.now() + 60_000))

  it('are listed, shown and replayed; a mended cause gives one decision, and nothing counts twice', async () => {
    const strict = await deployment.startProcessor('strict', {
      PAYSENTRY_VELOCITY_MAX_FUTURE_SKEW_MS: '1000',
    })
    await log.produce([
      ...events,
      { topic: topics.events, key: 'acc-2', value: '{"id":"bad"}' },
      { topic: topics.events, key: 'acc-3', value: '{"pan":"4111111111111111"}' },
    ])
    await deployment.untilCommitted()
    expect(await strict.stop()).toBe(0)

    const listed = JSON.parse(await paysentry('list', '--json'))
    expect(listed.codes).toEqual({ EVENT_FROM_FUTURE: 2, CARD_NUMBER_IN_CLEAR: 1, EVENT_INVALID: 1 })
    expect(listed.states).toEqual({ open: 3, masked: 1 })
    const table = await paysentry('list', '--code', 'EVENT_INVALID', '--key', 'acc-2', '--since', '1h')
    expect(table).toContain('all                                      1: 1 open')
    const { position } = listed.letters.find(({ code }: { code: string }) => code === 'CARD_NUMBER_IN_CLEAR')
    const shown = await paysentry('show', position)
    expect(shown).toContain('paysentry.error.masked')
    expect(shown).not.toContain('4111111111111111')

    expect(await paysentry('replay', '--all', '--dry-run')).toContain('3: 3 open')
    expect(await deployment.size(topics.events)).toBe(4)
    const replayed = await paysentry('replay', '--all')
    expect(replayed).toContain('3 replayed')
    expect(replayed).toContain('left out: 1 lost card numbers')
    expect(await deployment.size(topics.events)).toBe(7)

    const reader = await collect(log, {
      topics: [topics.decisions, topics.deadLetters],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const decisions = () => reader.records.filter(({ topic }) => topic === topics.decisions)
    await deployment.startProcessor('mended')
    await deployment.untilCommitted()
    await reader.until(() => decisions().length >= 2)
    const again = reader.records.filter(({ headers }) => HEADERS.firstSource in headers)
    expect(again.map((record) => header(record, HEADERS.errorCode))).toEqual(['EVENT_INVALID'])
    const before = listed.letters.find(({ code }: { code: string }) => code === 'EVENT_INVALID')
    expect(header(again[0], HEADERS.firstSource)).toBe(before.source)
    expect(header(again[0], HEADERS.replayedFrom)).toBe(`${topics.deadLetters}/${before.position}`)

    expect(await paysentry('replay', '--code', 'EVENT_FROM_FUTURE')).toBe(
      'left out: 2 were replayed before; --again replays them once more\n0 replayed\n',
    )
    expect(await paysentry('replay', '--code', 'EVENT_FROM_FUTURE', '--again')).toBe('2 replayed\n')
    await deployment.untilCommitted()
    await reader.until(() => decisions().length >= 4)
    expect(decisions()).toHaveLength(4)
    expect(new Set(decisions().map(textOf)).size).toBe(2)
    // A payment that comes later sees each of them once.
    const later = messageOf('later', Date.now())
    await log.produce([later])
    await reader.until(() => decisions().length >= 5)
    const wanted = await recount(config, topics, [...events, later])
    expect(new Set(decisions().map(textOf))).toEqual(new Set(wanted.decisions.values()))
  })

  it('are not replayed all at once by mistake, nor looked for where there can be none', async () => {
    const unsaid = await runPaysentry(['dead-letters', 'replay'], env)
    expect(unsaid.code).toBe(2)
    expect(unsaid.stderr).toContain('say which: positions, a filter such as --code, or --all')
    const absent = await runPaysentry(['dead-letters', 'show', '0/999999'], env)
    expect(absent.code).toBe(1)
    expect(absent.stderr).toContain('has no dead letter at 0/999999')
    const embedded = await runPaysentry(['dead-letters', 'list'])
    expect(embedded.code).toBe(2)
    expect(embedded.stderr).toContain('dead letters of the in-process log are gone with its process')
  })
})
