// Traffic that stands in topics, over the in-process log; test/contract holds Kafka to the same.
import { expect, test } from 'vitest'
import { runBacktest } from '../../../src/backtest/backtest.ts'
import { topicRecording } from '../../../src/backtest/topic-recording.ts'
import { createInProcessLog } from '../../../src/log/in-process-log.ts'
import { topicNames } from '../../../src/log/topics.ts'
import { knowledgeOf, labelOf, type Message, optionsOf, payment, START_MS } from './support.ts'

const topics = topicNames('')
const MULE = { id: 'mule', when: "count(payee, '30d', fraud) >= 1", action: 'block', reason: 'MULE' }

/** Each message arrives in the given second. */
function logOf(messages: readonly (readonly [Message, number])[]) {
  const log = createInProcessLog({ partitions: 2, now: () => START_MS })
  log.append(
    messages.map(([message, second]) => ({
      topic: 'label' in message ? topics.labels : topics.events,
      key: message.id,
      value: JSON.stringify(message),
      timestampMs: START_MS + second * 1_000,
    })),
  )
  return log
}

async function backtestOf(
  messages: readonly (readonly [Message, number])[],
  sinceMs = Number.NEGATIVE_INFINITY,
) {
  const { knowledge } = knowledgeOf([MULE])
  const recording = await topicRecording({ log: logOf(messages), topics, sinceMs })
  const progress: [number, number][] = []
  const onProgress = ({ done, of }: { done: number; of: number }) => void progress.push([done, of])
  const counts = await runBacktest({ ...optionsOf('', knowledge), recording, onProgress })
  return { counts, last: progress.at(-1) }
}

test('an event sees the labels that arrived before it, and none that arrived in the same millisecond', async () => {
  const { counts, last } = await backtestOf([
    [labelOf('a', 'fraud', 1), 100],
    [payment('a', 0), 0],
    [payment('same-moment', 1), 100],
    [payment('after', 2), 120],
  ])
  expect(counts).toMatchObject({ events: 3, labels: 1, labelled: 1 })
  expect(counts.set.byAction.block.genuine.events).toBe(1)
  expect(last).toEqual([4, 4])
})

test('an event ahead of its broker timestamp is refused, as it was when it came', async () => {
  const { counts } = await backtestOf([
    [payment('a', 0), 0],
    [payment('ahead', 60), 1],
  ])
  expect(counts).toMatchObject({ events: 1, rejected: { EVENT_FROM_FUTURE: 1 } })
})

test('topics without events are no recording', async () => {
  await expect(backtestOf([[labelOf('a', 'fraud', 1), 100]])).rejects.toThrow(
    /payments\.events holds no message; see its retention, or name a file/,
  )
  await expect(backtestOf([[payment('a', 0), 0]], START_MS + 5_000)).rejects.toThrow(
    /payments\.events holds no message since 2026-03-02T12:00:05\.000Z/,
  )
})
