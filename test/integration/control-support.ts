// Two processors in the test's process on one real Kafka, with journals of their own in memory, and traffic to hold them to.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import { type Config, loadConfig } from '../../src/config.ts'
import type { Decision } from '../../src/decision/decision.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { createTopics } from '../../src/log/topic-admin.ts'
import { topicSettings } from '../../src/log/topic-settings.ts'
import { type TopicNames, topicNames } from '../../src/log/topics.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts'
import { type Collector, collect, textOf } from '../support/collector.ts'
import { paymentEvent } from '../support/events.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

export interface ControlledProcessors {
  readonly topics: TopicNames
  readonly log: EventLog
  readonly env: Readonly<Record<string, string>>
  /** A copy of the shipped rules; gone at the end. */
  readonly rulesDir: string
  start(name: string, more?: Readonly<Record<string, string>>): Promise<{ app: App; metrics: Metrics }>
  /** Publishes `count` payments of different payers, numbered on from the last call. */
  send(count: number): Promise<void>
  /** All decisions so far. */
  readonly decisions: Collector
  readonly sent: () => number
}

/** Call at the top of a file, then `await` what it gives within a hook or test. */
export function controlledProcessors(): () => Promise<ControlledProcessors> {
  const under = kafkaUnderTest()
  const apps = new Set<App>()
  const folders: string[] = []
  const collectors: Collector[] = []
  afterAll(async () => {
    await Promise.all([...apps].map((app) => app.stop()))
    await Promise.all(collectors.map(({ consumer }) => consumer.stop()))
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  return async () => {
    const rulesDir = mkdtempSync(join(tmpdir(), 'paysentry-rules-'))
    folders.push(rulesDir)
    cpSync('rules', rulesDir, { recursive: true })
    const name = under.name()
    const env = {
      PAYSENTRY_KAFKA_BROKERS: under.settings.brokers.join(','),
      PAYSENTRY_KAFKA_GROUP_ID: name,
      PAYSENTRY_KAFKA_SESSION_TIMEOUT_MS: '6000',
      PAYSENTRY_TOPICS_PREFIX: `${name}.`,
      PAYSENTRY_TOPICS_PARTITIONS: '4',
      PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: 'ab'.repeat(16),
      PAYSENTRY_MODEL_VERSION: 'none',
      PAYSENTRY_HTTP_HOST: '127.0.0.1',
      PAYSENTRY_HTTP_PORT: '0',
      PAYSENTRY_RULES_DIR: rulesDir,
      PAYSENTRY_BATCH_MAX_RECORDS: '16',
    }
    const config = loadConfig({ env })
    await createTopics(under.kafka, topicSettings(config), { dryRun: false })
    const topics = topicNames(config.topics.prefix)
    for (const topic of Object.values(topics)) under.own(topic)
    const log = under.openLog()
    const decisions = await collect(log, { topics: [topics.decisions], groupId: `${name}-reader` })
    collectors.push(decisions)
    let sent = 0
    return {
      topics,
      log,
      env,
      rulesDir,
      decisions,
      sent: () => sent,
      async start(clientId, more = {}) {
        const own: Config = loadConfig({ env: { ...env, ...more, PAYSENTRY_KAFKA_CLIENT_ID: clientId } })
        const metrics = createMetrics({ alertsTopic: topics.alerts, now: Date.now, processMetrics: false })
        const app = await startApp({ config: own, version: 'test', logger: silent(), metrics, now: Date.now })
        apps.add(app)
        return { app, metrics }
      },
      async send(count) {
        const records = Array.from({ length: count }, () => {
          const number = sent++
          const value = paymentEvent({
            id: `evt-${number}`,
            time: new Date().toISOString(),
            payer: { account: `acc-${number}`, country: 'DE' },
            instrument: { type: 'card', token: `tok-${number}` },
            device: undefined,
            payee: { merchant: `mer-${number}`, mcc: '5411', country: 'DE' },
          })
          return { topic: topics.events, key: `acc-${number}`, value: JSON.stringify(value) }
        })
        await log.produce(records)
      },
    }
  }
}

/** The decisions that have come out, in their order within each partition. */
export function decided({ decisions }: ControlledProcessors): Decision[] {
  return decisions.records.map((record) => JSON.parse(textOf(record)) as Decision)
}

/** Puts text in place of other text in one file of a folder; throws when it is not there. */
export function edit(dir: string, file: string, from: string, to: string): void {
  const path = join(dir, file)
  const text = readFileSync(path, 'utf8')
  if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`)
  writeFileSync(path, text.replace(from, to))
}

/** A stream of payments that goes on until it is stopped, in small lots. */
export function underLoad(processors: ControlledProcessors): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await processors.send(20)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  const stop = async () => {
    stopping.abort()
    await running
  }
  onTestFinished(stop)
  return { stop }
}

function silent() {
  return silentLogger()
}
