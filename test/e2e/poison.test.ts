import { describe, expect, it } from 'vitest'
import { collect, textOf } from '../support/collector.ts'
import { paymentEvent } from '../support/events.ts'
import { superviseProcessor } from '../support/processor.ts'
import { HEADERS } from '../../src/log/topics.ts'
import { deploy } from './deployment.ts'

const EVENTS = 60

describe('a message that kills the process', async () => {
  const deployment = await deploy()

  it('becomes a dead letter after a bounded number of restarts, and all others are decided', async () => {
    const { topics, log, config, env } = deployment
    const message = (id: string, extra: object = {}) => ({
      topic: topics.events,
      key: `acc-${id.length}`,
      value: JSON.stringify(paymentEvent({ id, time: new Date().toISOString(), ...extra })),
    })
    const others = Array.from({ length: EVENTS }, (_, i) => message(`e${i}`))
    const killer = message('k7', { mark: 'kills', note: 'order 12345' })
    await log.produce([...others.slice(0, 30), killer, ...others.slice(30)])

    const supervisor = superviseProcessor(env, ['--import', './test/support/dies-of-mark.ts'])
    const reader = await collect(log, {
      topics: [topics.decisions, topics.deadLetters],
      groupId: `${config.kafka.groupId}-reader`,
    })
    const of = (topic: string) => reader.records.filter((record) => record.topic === topic)
    const decided = () => new Set(of(topics.decisions).map((record) => JSON.parse(textOf(record)).event))
    await reader.until(() => decided().size >= EVENTS && of(topics.deadLetters).length > 0)
    await deployment.untilCommitted()
    await supervisor.stop()

    expect(decided().size).toBe(EVENTS)
    const letters = of(topics.deadLetters)
    expect(letters).toHaveLength(1)
    const header = (name: string) => String(letters[0]?.headers[name])
    expect(header(HEADERS.errorCode)).toBe('MESSAGE_KILLS_PROCESS')
    expect(header(HEADERS.errorMasked)).toBe('key,value')
    expect(textOf(letters[0]!)).toContain('"note":"order *****"')
    expect(supervisor.deaths()).toBeGreaterThanOrEqual(config.limits.maxTries)
    expect(supervisor.deaths()).toBeLessThanOrEqual(config.limits.maxTries + 3)
  })
})
