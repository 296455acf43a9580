// What a whole processor costs an event: a backlog of simulated traffic in a real broker, one `paysentry run` with the rules and the
// model of this project, a real Redis. CPU time of processor and Redis, because wall time on a shared machine says little; the rate
// is what one processor took beside broker and Redis on this machine.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { type Config, loadConfig } from '../../src/config.ts'
import { createKafkaLog } from '../../src/log/kafka-log.ts'
import { createTopics } from '../../src/log/topic-admin.ts'
import { topicSettings } from '../../src/log/topic-settings.ts'
import { type TopicNames, topicNames } from '../../src/log/topics.ts'
import { soakTraffic } from '../soak/traffic.ts'
import { startKafka } from '../support/kafka.ts'
import { SILENT } from '../support/kafka/kafka-under-test.ts'
import { decisionsIn } from '../support/metrics-text.ts'
import { startProcessor } from '../support/processor.ts'
import { startRedis } from '../support/redis.ts'
import { redisCpuMicroseconds } from '../support/redis-cpu.ts'

/** Messages that wait for the processor: 17 days of the people of the soak. */
const MESSAGES = 200_000
/** What is decided before the measurement: code gets compiled, journals get warm. */
const WARM_SHARE = 0.3
const CHUNK = 2_000
const LOOK_EVERY_MS = 200
/** So many looks without a new decision: there is nothing left. */
const STILL_LOOKS = 10
const CPU_SECONDS = /^process_cpu_seconds_total (\S+)/m

export async function run(): Promise<void> {
  const [kafka, redis] = await Promise.all([startKafka(), startRedis()])
  const admin = new Redis(redis.url)
  try {
    for (const delivery of ['at-least-once', 'exactly-once']) {
      await measure(settingsOf(kafka.brokers, redis.url, delivery), delivery, admin)
    }
  } finally {
    admin.disconnect()
    await Promise.all([kafka.stop(), redis.stop()])
  }
}

function settingsOf(brokers: readonly string[], redisUrl: string, delivery: string): Record<string, string> {
  const name = `bench-${randomBytes(4).toString('hex')}`
  return {
    PAYSENTRY_KAFKA_BROKERS: brokers.join(','),
    PAYSENTRY_KAFKA_GROUP_ID: name,
    PAYSENTRY_KAFKA_DELIVERY: delivery,
    PAYSENTRY_TOPICS_PREFIX: `${name}.`,
    PAYSENTRY_TOPICS_PARTITIONS: '6',
    PAYSENTRY_TOPICS_REPLICATION_FACTOR: '1',
    PAYSENTRY_REDIS_URL: redisUrl,
    PAYSENTRY_REDIS_KEY_PREFIX: `${name}:`,
    PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '5a'.repeat(16),
  }
}

interface Look {
  readonly decided: number
  readonly cpuSeconds: number
  readonly redisMicroseconds: number
  readonly atMs: number
}

async function measure(env: Record<string, string>, delivery: string, admin: Redis): Promise<void> {
  const config = loadConfig({ env })
  await publish(config, topicNames(config.topics.prefix))
  const processor = await startProcessor(env)
  const look = async (): Promise<Look> => {
    const text = await (await fetch(`${processor.address}/metrics`)).text()
    const cpuSeconds = Number(CPU_SECONDS.exec(text)?.[1] ?? Number.NaN)
    return {
      decided: decisionsIn(text),
      cpuSeconds,
      redisMicroseconds: await redisCpuMicroseconds(admin),
      atMs: performance.now(),
    }
  }
  try {
    let from = await look()
    while (from.decided < MESSAGES * WARM_SHARE) {
      await delay(LOOK_EVERY_MS)
      from = await look()
    }
    const to = await lastOf(look, from)
    const events = to.decided - from.decided
    const each = (microseconds: number): string => (microseconds / events).toFixed(0)
    const perSecond = Math.round((events / (to.atMs - from.atMs)) * 1_000).toLocaleString('en')
    console.log(
      `${delivery.padEnd(14)} ${each((to.cpuSeconds - from.cpuSeconds) * 1e6)} µs of CPU an event, Redis ${each(to.redisMicroseconds - from.redisMicroseconds)}; ${events} events, ${perSecond} a second`,
    )
  } finally {
    await processor.stop()
  }
}

/** The look at which the last decision had been made. */
async function lastOf(look: () => Promise<Look>, from: Look): Promise<Look> {
  let last = from
  for (let still = 0; still < STILL_LOOKS; still++) {
    await delay(LOOK_EVERY_MS)
    const now = await look()
    if (now.decided === last.decided) continue
    last = now
    still = 0
  }
  return last
}

async function publish(config: Config, topics: TopicNames): Promise<void> {
  const client = new Kafka({
    brokers: [...config.kafka.brokers],
    clientId: 'bench',
    logLevel: logLevel.NOTHING,
  })
  await createTopics(client, topicSettings(config), { dryRun: false })
  const log = createKafkaLog({ settings: config.kafka, concurrentSends: 2, now: Date.now, sink: SILENT })
  const traffic = soakTraffic(log, topics)
  while (traffic.published() < MESSAGES) await traffic.publish(CHUNK)
  await log.close()
}

if (import.meta.main) await run()
