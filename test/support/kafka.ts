// A Kafka broker for tests, by the first way that works: the addresses in PAYSENTRY_TEST_KAFKA_BROKERS, a container, a
// child process. When none works the run fails and says what to install.
import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { GenericContainer } from 'testcontainers'
import { hideTimerWarning } from '../../src/log/kafka-client.ts'
import { dockerAnswers } from './docker.ts'
import { freePort } from './free-port.ts'
import { KAFKA_VERSION } from './kafka/jars.ts'
import { startNativeKafka } from './kafka/native.ts'

const READY_WITHIN_MS = 90_000

export interface TestKafka {
  readonly brokers: string[]
  stop(): Promise<void>
}

/** Starts a broker, or takes the given one, and resolves when it answers. */
export async function startKafka(): Promise<TestKafka> {
  hideTimerWarning(process)
  const given = process.env['PAYSENTRY_TEST_KAFKA_BROKERS'] ?? ''
  if (given !== '') {
    const brokers = given.split(',').map((broker) => broker.trim())
    await untilKafkaAnswers(brokers, Promise.race([]))
    return { brokers, stop: async () => undefined }
  }
  return (await dockerAnswers()) ? startContainer() : startChild()
}

async function startChild(): Promise<TestKafka> {
  const kafka = await startNativeKafka()
  try {
    await untilKafkaAnswers([kafka.broker], kafka.died)
  } catch (error) {
    const log = kafka.log()
    await kafka.stop()
    throw new Error(`The Kafka broker does not answer:\n${log}`, { cause: error })
  }
  return { brokers: [kafka.broker], stop: () => kafka.stop() }
}

async function startContainer(): Promise<TestKafka> {
  // The broker tells clients its own address, so the port must be known before the container starts.
  const port = await freePort()
  const container = await new GenericContainer(`apache/kafka:${KAFKA_VERSION}`)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@127.0.0.1:29093',
      KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://127.0.0.1:29093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_LOG_CLEANER_BACKOFF_MS: '200',
      KAFKA_HEAP_OPTS: '-Xmx512m',
    })
    .start()
  const brokers = [`127.0.0.1:${port}`]
  try {
    await untilKafkaAnswers(brokers, Promise.race([]))
  } catch (error) {
    await container.stop()
    throw error
  }
  return { brokers, stop: async () => void (await container.stop()) }
}

/** Resolves when the cluster describes itself; rejects with what `died` rejects with, or after READY_WITHIN_MS. */
export async function untilKafkaAnswers(brokers: string[], died: Promise<never>): Promise<void> {
  const kafka = new Kafka({
    brokers,
    clientId: 'paysentry-test-start',
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  })
  const giveUpAt = Date.now() + READY_WITHIN_MS
  for (;;) {
    const admin = kafka.admin()
    try {
      await Promise.race([admin.connect().then(() => admin.describeCluster()), died])
      return
    } catch (error) {
      await Promise.race([delay(100), died])
      if (Date.now() > giveUpAt) throw new Error(`${brokers.join(', ')} did not answer`, { cause: error })
    } finally {
      await admin.disconnect()
    }
  }
}
