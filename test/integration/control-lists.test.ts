// Lists over the control topic: a change reaches every running processor within a second, and one that starts knows it already.
import { expect, it } from 'vitest'
import { controlRecord, listKey } from '../../src/control/control-record.ts'
import { HEADERS } from '../../src/log/topics.ts'
import { textOf } from '../support/collector.ts'
import { runPaysentry } from '../support/processor.ts'
import { controlledProcessors, decided, underLoad } from './control-support.ts'

const EFFECTIVE_WITHIN_MS = 1_000
const setUp = controlledProcessors()

it('a list takes effect in two processors within a second under load, and no decision is lost or doubled', async () => {
  const processors = await setUp()
  const { log, topics, decisions, env } = processors
  await Promise.all([processors.start('p1'), processors.start('p2')])
  const load = underLoad(processors)
  const byBoth = (since: number, wanted: (lists: string) => boolean) => {
    const found = new Map<string, number>()
    for (const record of decisions.records) {
      const processor = String(record.headers[HEADERS.processor])
      const decidedAt = Number(String(record.headers[HEADERS.decidedAt]))
      if (decidedAt < since || found.has(processor)) continue
      const { versions } = JSON.parse(textOf(record)) as { versions: { lists: string } }
      if (wanted(versions.lists)) found.set(processor, decidedAt)
    }
    return found
  }
  await decisions.until(() => byBoth(0, (lists) => lists === 'none').size === 2)

  const entry = { expires: null, reason: 'case 1', author: 'test', at: new Date().toISOString() }
  const key = listKey({ list: 'mules', holds: 'payee', item: 'Xa3vQ0mYt1c8Zr5uLw9kPg' })
  const writtenAt = Date.now()
  await log.produce([controlRecord(topics.control, key, entry)])
  await decisions.until(() => byBoth(writtenAt, (lists) => lists !== 'none').size === 2)
  const delays = [...byBoth(writtenAt, (lists) => lists !== 'none').values()].map((at) => at - writtenAt)
  process.stdout.write(`the list was effective after ${delays.join(' and ')} ms\n`)
  expect(Math.max(...delays)).toBeLessThan(EFFECTIVE_WITHIN_MS)

  // By command, with an identifier that must not stand in the topic, and off again.
  const added = await runPaysentry(
    ['lists', 'add', 'mules', 'DE02120300000000202051', '--reason', 'case 2'],
    env,
  )
  expect(added, added.stderr).toMatchObject({ code: 0, stdout: '1 put on mules\n' })
  const shown = await runPaysentry(['lists', 'show', 'mules'], env)
  expect(shown.stdout.split('\n')).toHaveLength(4)
  expect(shown.stdout).not.toContain('DE02120300000000202051')
  expect(shown.stdout).toMatch(/never +\S+ +case 2/)
  await runPaysentry(['lists', 'remove', 'mules', 'DE02120300000000202051'], env)
  await log.produce([controlRecord(topics.control, key, null)])
  const removedAt = Date.now()
  await decisions.until(() => byBoth(removedAt, (lists) => lists === 'none').size === 2)

  await load.stop()
  await decisions.until(() => decisions.records.length >= processors.sent())
  const ids = decided(processors).map(({ event }) => event)
  expect(ids).toHaveLength(processors.sent())
  expect(new Set(ids).size).toBe(processors.sent())
})

it('a processor that starts decides its first event with the lists as they stand', async () => {
  const processors = await setUp()
  const { log, topics, decisions } = processors
  const entry = { expires: null, reason: 'import', author: 'test', at: new Date().toISOString() }
  const records = Array.from({ length: 20_000 }, (_, i) =>
    controlRecord(topics.control, listKey({ list: 'mules', holds: 'payee', item: `pseudonym-${i}` }), entry),
  )
  await log.produce(records)
  await processors.send(20)
  const { metrics } = await processors.start('p1')
  await decisions.until(() => decisions.records.length >= 20)
  expect(await metrics.text()).toContain('paysentry_list_entries 20000')
  const versions = new Set(decided(processors).map(({ versions: { lists } }) => lists))
  expect([...versions]).toEqual([expect.stringMatching(/^lists:[0-9a-f]{32}$/)])
})
