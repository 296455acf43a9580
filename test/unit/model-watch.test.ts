import { expect, test } from 'vitest'
import { createModelWatch } from '../../src/model-watch.ts'
import { batchEventOf, batchOf } from '../support/batches.ts'

function watched() {
  let nowMs = 0
  const told: string[] = []
  const watch = createModelWatch({
    deadlineMs: 250,
    now: () => nowMs,
    onSlow: ({ message }) => told.push(message),
  })
  const pass = (ms: number): void => {
    nowMs += ms
  }
  const score = async (tookMs: number, payments = 1): Promise<void> => {
    const batch = batchOf(Array.from({ length: payments }, (_, i) => batchEventOf({ id: String(i) })))
    await watch.score((given) => {
      pass(tookMs)
      return given
    })(batch)
  }
  return { watch, told, pass, score }
}

test('three slow batches in a row let the model rest, then it is tried again', async () => {
  const { watch, told, pass, score } = watched()
  await score(51)
  await score(51)
  expect(watch.isResting()).toBe(false)
  await score(51)
  expect(watch.isResting()).toBe(true)
  expect(told).toEqual(['The model is too slow for the deadline: 51 ms for 1 events'])
  pass(10_000)
  expect(watch.isResting()).toBe(false)
  await score(51)
  expect(watch.isResting()).toBe(true)
  pass(10_000)
  await score(50)
  await score(51)
  expect(watch.isResting()).toBe(false)
})

test('a batch that was held up once, and a large batch, let nothing rest', async () => {
  const { watch, told, score } = watched()
  for (let i = 0; i < 10; i++) {
    await score(7_000)
    await score(50)
    await score(200, 640)
  }
  expect(watch.isResting()).toBe(false)
  expect(told).toEqual([])
})
