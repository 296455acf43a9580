// A Kafka broker as a child process: KRaft combined mode, loopback, a temporary log folder, free ports.
// It never outlives the test run: a guard process kills this one pid when the run ends in whatever way.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { openSync, readFileSync, closeSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../free-port.ts'
import { kafkaJars, requireTool } from './jars.ts'

const run = promisify(execFile)
/** A small heap, and a JVM that starts fast rather than runs fast. */
const JVM = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

export interface NativeKafka {
  readonly broker: string
  /** The end of the broker's output. */
  log(): string
  /** Rejects when the broker's process ends by itself. */
  readonly died: Promise<never>
  stop(): Promise<void>
}

/** Formats a storage folder and starts the broker. It may not answer yet. */
export async function startNativeKafka(): Promise<NativeKafka> {
  await requireTool('java', 'Java 17 or newer (Debian and Ubuntu: apt install openjdk-17-jre-headless)')
  const classpath = join(await kafkaJars(), '*')
  const dir = await mkdtemp(join(tmpdir(), 'paysentry-kafka-'))
  try {
    return await formatAndStart(dir, classpath)
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

async function formatAndStart(dir: string, classpath: string): Promise<NativeKafka> {
  const [brokerPort, controllerPort] = await freePorts(2)
  const broker = `127.0.0.1:${brokerPort}`
  const properties = join(dir, 'server.properties')
  await writeFile(properties, serverProperties(broker, `127.0.0.1:${controllerPort}`, join(dir, 'data')))
  await writeFile(join(dir, 'log4j2.properties'), LOG4J)
  const java = [...JVM, `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`, '-cp', classpath]
  // With "=": an id may begin with "-", which the tool would take for an option.
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  const format = [
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${clusterId}`,
    '--config',
    properties,
    '--standalone',
  ]
  await run('java', [...java, ...format])

  const logFile = join(dir, 'broker.log')
  const output = openSync(logFile, 'a')
  const child = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: ['ignore', output, output] })
  closeSync(output)
  await once(child, 'spawn')
  return supervise(child, { broker, dir, logFile })
}

function supervise(
  child: ChildProcess,
  { broker, dir, logFile }: { broker: string; dir: string; logFile: string },
): NativeKafka {
  const exited = once(child, 'exit')
  const log = () => readFileSync(logFile, 'utf8').slice(-4_000)
  const died = exited.then((): never => {
    throw new Error(`The Kafka broker ended by itself:\n${log()}`)
  })
  died.catch(() => undefined)
  // The guard's stdin closes when this process is gone, also after a SIGKILL that no handler sees.
  const guard = spawn(
    'sh',
    ['-c', 'cat >/dev/null; kill -9 "$0" 2>/dev/null; rm -rf "$1"', String(child.pid), dir],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  )
  return {
    broker,
    log,
    died,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      const guardExited = once(guard, 'exit')
      guard.kill('SIGKILL')
      await guardExited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

function serverProperties(broker: string, controller: string, dataDir: string): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': controller,
    listeners: `PLAINTEXT://${broker},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${broker}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'log.cleaner.backoff.ms': 200,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

const LOG4J = `rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n
`
