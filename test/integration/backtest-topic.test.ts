// `paysentry backtest --from topic` on a real Kafka: what stands in the topics is judged as a file of the same traffic.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { OutputRecord } from '../../src/log/event-log.ts'
import { topicNames } from '../../src/log/topics.ts'
import { encodeLine, encodeRecord } from '../../src/simulator/encode.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'
import { runPaysentry } from '../support/processor.ts'

const EVENTS = 4_000
const under = kafkaUnderTest()
const withKafka = (prefix: string) => ({
  PAYSENTRY_KAFKA_BROKERS: under.settings.brokers.join(','),
  PAYSENTRY_PRIVACY_PSEUDONYM_KEY: 'ab'.repeat(16),
  PAYSENTRY_TOPICS_PREFIX: prefix,
})
const folder = mkdtempSync(join(tmpdir(), 'paysentry-backtest-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Two weeks of few people, so that hardly two messages arrive in the same millisecond. */
function traffic(topics: ReturnType<typeof topicNames>): OutputRecord[] {
  const simulator = createSimulator({
    seed: 5,
    customers: 120,
    startMs: Date.UTC(2026, 0, 1),
    fraudShare: 0.05,
  })
  const messages: OutputRecord[] = []
  for (let events = 0; events < EVENTS; ) {
    const record = simulator.next()
    if (record.kind === 'event') events++
    messages.push(encodeRecord(record, topics))
  }
  return messages
}

async function report(args: readonly string[], env: Readonly<Record<string, string>>) {
  const json = join(folder, 'report.json')
  const { code, stderr } = await runPaysentry(['backtest', ...args, '--json', json], env)
  expect(code, stderr).toBe(0)
  const { file, ...figures } = JSON.parse(readFileSync(json, 'utf8'))
  return { file, figures }
}

describe('a backtest over topics', () => {
  it('gives the report of a file with the same traffic, but for the name', async () => {
    const prefix = `${under.name()}.`
    const topics = topicNames(prefix)
    const config = { 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' }
    for (const name of [topics.events, topics.labels]) await under.createTopic({ name, config })
    const messages = traffic(topics)
    const file = join(folder, 'traffic.jsonl')
    writeFileSync(file, messages.map((message) => `${encodeLine(message)}\n`).join(''))
    await under.openLog().produce(messages)
    const env = withKafka(prefix)
    const fromFile = await report(['--from', file], env)
    const fromTopic = await report(['--from', 'topic'], env)
    expect(fromTopic.file).toBe(topics.events)
    expect(fromTopic.figures).toEqual(fromFile.figures)
    // What makes the two worth comparing.
    expect(fromFile.figures.events).toBeGreaterThan(3_900)
    expect(fromFile.figures.labels).toBeGreaterThan(20)
    expect(fromFile.figures.set.savedMinor).toBeGreaterThan(0)
    const since = '2026-01-06T00:00:00Z'
    const [someOfFile, someOfTopic] = [
      await report(['--from', file, '--since', since], env),
      await report(['--from', 'topic', '--since', since], env),
    ]
    expect(someOfTopic.figures.events).toBeLessThan(fromFile.figures.events)
    expect(someOfTopic.figures.set).toEqual(someOfFile.figures.set)
  })

  it.each([
    ['no Kafka is configured', {}, /kafka\.brokers is empty: set PAYSENTRY_KAFKA_BROKERS, or name a file/],
    [
      'the topics are missing',
      withKafka('nowhere.'),
      /nowhere\.payments\.events, nowhere\.payments\.labels\. Create all topics/,
    ],
  ])('says what to do when %s', async (_when, env, message) => {
    const { code, stderr } = await runPaysentry(['backtest', '--from', 'topic'], env)
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })

  it('says that there is no event, and where to look', async () => {
    const prefix = `${under.name()}.`
    for (const name of [topicNames(prefix).events, topicNames(prefix).labels])
      await under.createTopic({ name })
    const { code, stderr } = await runPaysentry(['backtest', '--from', 'topic'], withKafka(prefix))
    expect(stderr).toContain(`${prefix}payments.events holds no message; see its retention, or name a file`)
    expect(code).toBe(2)
  })
})
