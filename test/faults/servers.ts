// The broker and the Redis of the fault suite: real processes that can be killed, started again and frozen, with proxies before them,
// a pair for each of two processors. They outlive a schedule, because a broker takes seconds to start.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, freePorts } from '../support/free-port.ts'
import { untilKafkaAnswers } from '../support/kafka.ts'
import { type NativeKafka, startNativeKafka } from '../support/kafka/native.ts'
import { spawnRedis } from '../support/redis.ts'
import { recommendedSettings } from '../support/redis-settings.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A server as a process. */
export interface Server {
  pid(): number
  /** SIGKILL, then a start from what is on disk; resolves when it answers again. */
  restart(): Promise<void>
}

/** What stands between one processor and the servers. */
export interface Network {
  readonly redis: TcpProxy
  readonly kafka: TcpProxy
}

export interface Servers {
  readonly kafka: Server
  readonly redis: Server
  /** Past the proxies. */
  readonly broker: string
  readonly redisPort: number
  /** Of each processor. */
  readonly networks: readonly Network[]
  /** Makes whole what a schedule may have left broken, and empties Redis. */
  reset(): Promise<void>
  stop(): Promise<void>
}

/**
 * Needs Java and redis-server: servers that are given from outside, or in containers, cannot be frozen. `redisArguments` come behind the
 * settings of docker-compose.yml and override them.
 */
export async function startServers(redisArguments: readonly string[] = []): Promise<Servers> {
  const redis = await startRedis([...recommendedSettings(), ...redisArguments])
  const kafka = await startKafka()
  const networks = kafka.proxies.map((proxy, i) => ({ kafka: proxy, redis: redis.proxies[i] ?? proxy }))
  const proxies = [...kafka.proxies, ...redis.proxies]
  return {
    kafka: kafka.server,
    redis: redis.server,
    broker: kafka.broker,
    redisPort: redis.port,
    networks,
    async reset() {
      for (const proxy of proxies) {
        proxy.heal()
        proxy.disarm()
      }
      await redis.empty()
    },
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.close()))
      await Promise.all([redis.stop(), kafka.stop()])
    },
  }
}

const PROCESSORS = [0, 1]

async function startRedis(settings: readonly string[]) {
  const dir = await mkdtemp(join(tmpdir(), 'paysentry-redis-'))
  const port = await freePort()
  let process = await spawnRedis(port, dir, settings)
  const proxies = await Promise.all(PROCESSORS.map(() => startTcpProxy('redis', port)))
  const server: Server = {
    pid: () => process.pid,
    async restart() {
      await process.stop()
      process = await spawnRedis(port, dir, settings)
    },
  }
  return {
    server,
    port,
    proxies,
    async empty() {
      const redis = new Redis(port, '127.0.0.1')
      await redis.flushall()
      redis.disconnect()
    },
    async stop() {
      await process.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function startKafka() {
  const ports = await freePorts(PROCESSORS.length)
  const proxies = await Promise.all(ports.map((port) => startTcpProxy('kafka', port)))
  const kafka: NativeKafka = await startNativeKafka({
    // Each processor finds the broker behind its own proxy, also after it has asked where the broker is.
    listeners: ports.map((port, i) => ({ port, advertisedPort: proxies[i]?.port ?? port })),
    // A broker that was killed is taken for gone after this long, and only then let in again.
    properties: { 'broker.session.timeout.ms': 4_000, 'broker.heartbeat.interval.ms': 300 },
  })
  const answers = (): Promise<void> => untilKafkaAnswers([kafka.broker], kafka.died)
  await answers()
  const server: Server = {
    pid: () => kafka.pid(),
    async restart() {
      await kafka.kill()
      await kafka.startAgain()
      await answers()
    },
  }
  return { server, broker: kafka.broker, proxies, stop: () => kafka.stop() }
}
