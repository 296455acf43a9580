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
import { LOG4J, nodeProperties } from './native-properties.ts'

const run = promisify(execFile)
/** A small heap, and a JVM that starts fast rather than runs fast. */
const JVM = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

export interface NativeKafka {
  readonly broker: string
  readonly clusterId: string
  /** Address of the cluster's controller. */
  readonly controller: string
  pid(): number
  /** The end of the broker's output. */
  log(): string
  /** Rejects when the broker's process ends by itself. */
  readonly died: Promise<never>
  /** SIGKILL, if it still runs. */
  kill(): Promise<void>
  /** Starts a broker that was killed again, from what is on disk. It may not answer yet. */
  startAgain(): Promise<void>
  stop(): Promise<void>
}

export interface NativeKafkaOptions {
  /** Further listeners, each of which tells its clients another port than its own, such as that of a proxy. */
  readonly listeners?: readonly { readonly port: number; readonly advertisedPort: number }[]
  /** Settings of the broker besides those below, or in their place. */
  readonly properties?: Readonly<Record<string, string | number>>
  /** Folder of the logs; one of its own if absent. */
  readonly dataDir?: string
  /** The cluster of another, which this becomes the second broker of. */
  readonly joins?: Pick<NativeKafka, 'clusterId' | 'controller'>
}

/** Formats a storage folder and starts the broker. It may not answer yet. */
export async function startNativeKafka(options: NativeKafkaOptions = {}): Promise<NativeKafka> {
  await requireTool('java', 'Java 17 or newer (Debian and Ubuntu: apt install openjdk-17-jre-headless)')
  const classpath = join(await kafkaJars(), '*')
  const dir = await mkdtemp(join(tmpdir(), 'paysentry-kafka-'))
  try {
    return await formatAndStart(dir, classpath, options)
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

async function formatAndStart(
  dir: string,
  classpath: string,
  options: NativeKafkaOptions,
): Promise<NativeKafka> {
  const [brokerPort, controllerPort] = await freePorts(2)
  const broker = `127.0.0.1:${brokerPort}`
  const properties = join(dir, 'server.properties')
  const controller = options.joins?.controller ?? `127.0.0.1:${controllerPort}`
  const settings = nodeProperties(broker, controller, options.dataDir ?? join(dir, 'data'), options)
  await writeFile(
    properties,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  await writeFile(join(dir, 'log4j2.properties'), LOG4J)
  const java = [...JVM, `-Dlog4j2.configurationFile=${join(dir, 'log4j2.properties')}`, '-cp', classpath]
  // With "=": an id may begin with "-", which the tool would take for an option.
  const clusterId =
    options.joins?.clusterId ?? Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  const format = [
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${clusterId}`,
    '--config',
    properties,
    options.joins === undefined ? '--standalone' : '--no-initial-controllers',
  ]
  await run('java', [...java, ...format])

  const logFile = join(dir, 'broker.log')
  const start = async (): Promise<Broker> => {
    const output = openSync(logFile, 'a')
    const child = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: ['ignore', output, output] })
    closeSync(output)
    await once(child, 'spawn')
    return guarded(child, dir)
  }
  return supervise(start, { broker, clusterId, controller, dir, logFile })
}

interface Broker {
  readonly pid: number
  readonly exited: Promise<unknown>
  kill(): Promise<void>
}

async function supervise(
  start: () => Promise<Broker>,
  place: Pick<NativeKafka, 'broker' | 'clusterId' | 'controller'> & { dir: string; logFile: string },
): Promise<NativeKafka> {
  const { broker, clusterId, controller, dir, logFile } = place
  const log = () => readFileSync(logFile, 'utf8').slice(-4_000)
  const died = Promise.withResolvers<never>()
  died.promise.catch(() => undefined)
  const watch = async (started: Broker): Promise<void> => {
    await started.exited
    if (running === started) died.reject(new Error(`The Kafka broker ended by itself:\n${log()}`))
  }
  const watched = async (): Promise<Broker> => {
    const started = await start()
    void watch(started)
    return started
  }
  let running: Broker | null = null
  running = await watched()
  const kill = async (): Promise<void> => {
    const killed = running
    running = null
    await killed?.kill()
  }
  return {
    broker,
    clusterId,
    controller,
    pid: () => running?.pid ?? -1,
    log,
    died: died.promise,
    kill,
    async startAgain() {
      running = await watched()
    },
    async stop() {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The broker, which does not outlive this process: the guard's stdin closes then, also after a SIGKILL that no handler sees. */
function guarded(child: ChildProcess, dir: string): Broker {
  const exited = once(child, 'exit')
  const guard = spawn(
    'sh',
    ['-c', 'cat >/dev/null; kill -9 "$0" 2>/dev/null; rm -rf "$1"', String(child.pid), dir],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  )
  return {
    pid: child.pid ?? -1,
    exited,
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      const guardExited = once(guard, 'exit')
      guard.kill('SIGKILL')
      await guardExited
    },
  }
}
