// The short form of the fault suite: two schedules of main.ts, one in each mode. `npm run test:faults` plays many.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { play } from './play.ts'
import { FAULT_KINDS, nameOf, scheduleOf } from './schedule.ts'
import { type Servers, startServers } from './servers.ts'
import { survivalTable } from './survival.ts'

const FAULTS = 2
const EVENTS = 500
const SEEDS = [7, 16]

describe('faults on real servers', () => {
  let servers: Servers
  beforeAll(async () => {
    hideTimerWarning(process)
    servers = await startServers()
  })
  afterAll(() => servers.stop())

  it.each(SEEDS)('leave what is promised as it is, by seed %i', async (seed) => {
    const { problems, events } = await play(servers, scheduleOf(seed, FAULTS), EVENTS)
    expect(problems).toEqual([])
    expect(events).toBe(EVENTS)
  })
})

describe('a schedule', () => {
  it('has the same faults for the same seed, and others for another', () => {
    expect(scheduleOf(7, 5)).toEqual(scheduleOf(7, 5))
    expect(scheduleOf(7, 5).faults).not.toEqual(scheduleOf(8, 5).faults)
  })

  it('of those that are played has every kind of fault in both modes, at every point', () => {
    const schedules = Array.from({ length: 200 }, (_, i) => scheduleOf(i + 1, 3))
    const played = schedules.map((schedule) => ({ ...schedule, problems: [], events: 0, seconds: 0 }))
    const rows = survivalTable(played).split('\n').slice(2)
    for (const kind of FAULT_KINDS) expect(rows.some((row) => row.startsWith(`| ${kind}`))).toBe(true)
    const never = rows.filter((row) => / 0 \|/.test(row))
    expect(never.every((row) => row.includes('offsets in the transaction'))).toBe(true)
    const names = new Set(rows.map((row) => row.split(' | ')[0]?.slice(2)))
    const drawn = schedules.flatMap(({ faults }) => faults.map(nameOf))
    expect(drawn.filter((name) => !names.has(name))).toEqual([])
  })
})
