import { expect, it } from 'vitest'
import { createTrafficCounter } from '../../../src/control/breaker.ts'
import { createBreakerWatch } from '../../../src/control/breaker-watch.ts'
import type { Demotion } from '../../../src/control/control-record.ts'
import type { OutputRecord } from '../../../src/log/event-log.ts'
import type { RuleBreaker } from '../../../src/rules/rule-breaker.ts'
import { silentLogger } from '../../support/silent-logger.ts'

const logger = silentLogger()

/** The rules of which a demotion was written after these counts. */
async function demotedAfter(
  acted: Record<string, number>,
  own: Record<string, RuleBreaker> = {},
  demotions: ReadonlyMap<string, Demotion> = new Map(),
): Promise<string[]> {
  const written: OutputRecord[] = []
  const watch = createBreakerWatch({
    limits: { share: 0.05, windowMs: 600_000, leastEvents: 100 },
    ruleBreaker: (rule) => own[rule],
    traffic: createTrafficCounter(),
    log: { produce: async (records) => void written.push(...records) },
    topic: 'control',
    processor: 'p1',
    demotions: () => demotions,
    logger,
  })
  watch.heard({ events: 100, acted }, 1_000)
  watch.heard({ events: 100, acted }, 2_000)
  await watch.stop()
  return written.map(({ key }) => String(key))
}

it('a rule over its share is demoted once, one that is demoted already is not', async () => {
  expect(await demotedAfter({ a: 6, b: 5 })).toEqual(['breaker/a'])
  const demotion: Demotion = {
    events: 1,
    acted: 1,
    share: 0.05,
    author: 'paysentry',
    at: '2026-03-01T12:00:00Z',
  }
  expect(await demotedAfter({ a: 6 }, {}, new Map([['a', demotion]]))).toEqual([])
})

it('a rule may say for itself how much it may stop, over how long, and from how many events on', async () => {
  const acted = { a: 6 }
  expect(await demotedAfter(acted, { a: { share: 0.1 } })).toEqual([])
  expect(await demotedAfter(acted, { a: { share: 1 } })).toEqual([])
  expect(await demotedAfter(acted, { a: { leastEvents: 201 } })).toEqual([])
  expect(await demotedAfter(acted, { a: { leastEvents: 200 } })).toEqual(['breaker/a'])
  expect(await demotedAfter(acted, { a: { windowMs: 1_000, leastEvents: 101 } })).toEqual([])
})
