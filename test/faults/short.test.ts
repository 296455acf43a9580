// The short form of the fault suite: two schedules of main.ts, one in each mode. `npm run test:faults` plays many.
import { expect, inject, it } from 'vitest'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { play } from './play.ts'
import { scheduleOf } from './schedule.ts'

const FAULTS = 2
const EVENTS = 800
const SEEDS = [7, 16]

it.each(SEEDS)('keeps what it promises through the faults of seed %i', async (seed) => {
  hideTimerWarning(process)
  const { problems, events } = await play(inject('kafkaBrokers'), scheduleOf(seed, FAULTS), EVENTS)
  expect(problems).toEqual([])
  expect(events).toBe(EVENTS)
})

it('draws the same faults from the same seed, and others from another', () => {
  expect(scheduleOf(7, 5)).toEqual(scheduleOf(7, 5))
  expect(scheduleOf(7, 5).faults).not.toEqual(scheduleOf(8, 5).faults)
})
