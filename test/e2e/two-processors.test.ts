import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/log/event-log.ts'
import { HEADERS } from '../../src/log/topics.ts'
import { collect, textOf } from '../support/collector.ts'
import { deploy } from './deployment.ts'
import { recount } from './recount.ts'
import { simulatedTraffic } from './traffic.ts'

const eventOf = (record: LogRecord): string => JSON.parse(textOf(record)).event

describe('two processors on a real Kafka and a real Redis', async () => {
  const deployment = await deploy()

  it('decide 20,000 events once each, from exact windows, and dead-letter what cannot be decided', async () => {
    const { topics, log, config } = deployment
    const traffic = simulatedTraffic(20_000, topics, 500)
    const processors = await Promise.all(['p1', 'p2'].map((name) => deployment.startProcessor(name)))
    for (let at = 0; at < traffic.messages.length; at += 1_000) {
      await log.produce(traffic.messages.slice(at, at + 1_000))
    }
    await deployment.untilCommitted()

    const reader = await collect(log, {
      topics: [topics.decisions, topics.deadLetters],
      groupId: `${config.kafka.groupId}-reader`,
    })
    await reader.until(() => reader.records.length >= traffic.eventIds.size + traffic.poisons)
    const decisions = reader.records.filter(({ topic }) => topic === topics.decisions)
    const deadLetters = reader.records.filter(({ topic }) => topic === topics.deadLetters)

    expect(decisions).toHaveLength(traffic.eventIds.size)
    expect(new Set(decisions.map((record) => JSON.parse(textOf(record)).event))).toEqual(traffic.eventIds)
    expect(deadLetters).toHaveLength(traffic.poisons)
    expect(traffic.poisons).toBeGreaterThan(38)
    expect(await deployment.size(topics.decisions)).toBe(traffic.eventIds.size)

    const makers = new Set(decisions.map(({ headers }) => String(headers[HEADERS.processor])))
    expect(makers).toEqual(new Set(['p1', 'p2']))
    expect(new Set(deadLetters.map(({ headers }) => String(headers[HEADERS.errorCode])))).toEqual(
      new Set([
        'MESSAGE_EMPTY',
        'MESSAGE_NOT_JSON',
        'EVENT_INVALID',
        'CURRENCY_UNKNOWN',
        'CARD_NUMBER_IN_CLEAR',
        'EVENT_FROM_FUTURE',
      ]),
    )
    expect(deadLetters.map(textOf).join()).not.toContain('4111111111111111')

    const wanted = await recount(config, topics, traffic.events)
    const wrong = decisions.filter((record) => wanted.decisions.get(eventOf(record)) !== textOf(record))
    const [first] = wrong
    expect({ wrong: wrong.length, decision: first && textOf(first) }).toEqual({
      wrong: 0,
      decision: first && wanted.decisions.get(eventOf(first)),
    })
    expect(traffic.labels).toBeGreaterThan(0)
    expect(wanted.labelRecords).toBeGreaterThanOrEqual(traffic.labels)

    expect(await Promise.all(processors.map((processor) => processor.stop()))).toEqual([0, 0])
  })
})
