// How each kind of fault is done to the deployment, and put right again. `around` publishes the traffic that comes meanwhile.
import { setTimeout as delay } from 'node:timers/promises'
import type { Processor } from '../support/processor.ts'
import { type Deployment, SESSION_MS } from './deployment.ts'
import { AT_THE_POINT, type Point, pointOf } from './points.ts'
import type { Fault } from './schedule.ts'
import type { Network, Server } from './servers.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/** Silent for this long, a processor has lost its partitions, and does not know it. */
const SILENT_MS = SESSION_MS + 1_500
const POINT_WITHIN_MS = 120_000
/** A processor that the group is just giving its partitions back to has missed the traffic: it gets more. */
const MORE_EVERY_MS = 10_000

type Around = () => Promise<void>

/**
 * Does the fault while `around` publishes, and resolves when what it broke has been put right again. `more` publishes some of it once
 * more, as a payment service may.
 */
export async function inject(
  deployment: Deployment,
  fault: Fault,
  around: Around,
  more: Around,
): Promise<void> {
  const { victim, lengthMs, point } = fault
  const { servers } = deployment
  const network = servers.networks[victim]
  const processor = deployment.processors[victim]
  if (network === undefined || processor === undefined) throw new Error(`there is no processor ${victim}`)
  switch (fault.kind) {
    case 'crash':
    case 'stall':
    case 'answer-lost':
      return atPoint(
        { deployment, fault, network, processor, more },
        point === null ? {} : pointOf(point),
        around,
      )
    case 'kill':
      await Promise.all([around(), processor.kill()])
      await deployment.startProcessor(victim)
      return
    case 'freeze':
      return frozen(processor.pid, SILENT_MS, around)
    case 'redis-restart':
      await Promise.all([around(), servers.redis.restart()])
      return
    case 'kafka-restart':
      await Promise.all([around(), servers.kafka.restart()])
      return
    case 'redis-freeze':
      return frozen(pidOf(servers.redis), lengthMs, around)
    case 'kafka-freeze':
      return frozen(pidOf(servers.kafka), lengthMs, around)
    case 'redis-cut':
    case 'kafka-cut': {
      const proxy = fault.kind === 'redis-cut' ? network.redis : network.kafka
      await Promise.all([around(), delay(lengthMs / 4).then(() => proxy.cut())])
      return
    }
    case 'redis-delay':
      return delayed(network.redis, lengthMs, around)
    case 'kafka-delay':
      return delayed(network.kafka, lengthMs, around)
    case 'redis-partition':
      return partitioned(network.redis, lengthMs, around)
    case 'kafka-partition':
      return partitioned(network.kafka, SILENT_MS, around)
  }
}

function pidOf(server: Server): number {
  return server.pid()
}

async function frozen(pid: number, lengthMs: number, around: Around): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  // Not awaited before the end: who publishes may need the very server that stands still.
  const published = around()
  await delay(lengthMs)
  process.kill(pid, 'SIGCONT')
  await published
}

async function delayed(proxy: TcpProxy, lengthMs: number, around: Around): Promise<void> {
  proxy.delayBy(lengthMs / 10)
  await Promise.all([around(), delay(lengthMs)])
  proxy.heal()
}

async function partitioned(proxy: TcpProxy, lengthMs: number, around: Around): Promise<void> {
  proxy.partition()
  await Promise.all([around(), delay(lengthMs)])
  proxy.heal()
}

interface Scene {
  readonly deployment: Deployment
  readonly fault: Fault
  readonly network: Network
  readonly processor: Processor
  readonly more: Around
}

async function atPoint(scene: Scene, { stage, wire }: Point, around: Around): Promise<void> {
  if (stage !== undefined) return atStage(scene, stage, around)
  if (wire === undefined) throw new Error('the fault has no point')
  const { deployment, fault, network, processor, more } = scene
  const sprung = Promise.withResolvers<void>()
  await untilJoined(processor)
  const proxy = network[wire.server]
  proxy.set({
    point: wire,
    async spring() {
      sprung.resolve()
      if (fault.kind === 'crash') await processor.kill()
      if (fault.kind !== 'stall') return false
      process.kill(processor.pid, 'SIGSTOP')
      await delay(SILENT_MS)
      process.kill(processor.pid, 'SIGCONT')
      // What was under way all that time arrives now: the request of one who does not own the partition any more.
      return true
    },
  })
  await Promise.all([around(), reached(sprung.promise, { fault, processor, more })])
  if (fault.kind === 'crash') {
    await processor.exited
    await deployment.startProcessor(fault.victim)
  }
  if (fault.kind === 'stall') await delay(SILENT_MS)
}

/** Another processor joins, comes to the end of the stage, and goes no further. */
async function atStage({ deployment, fault, more }: Scene, stage: string, around: Around): Promise<void> {
  const faulty = await deployment.startFaulty(`${fault.kind}:${stage}`)
  await Promise.all([around(), reached(saysThatItIsThere(faulty), { fault, processor: faulty, more })])
  if (fault.kind === 'crash') {
    await faulty.exited
    return
  }
  await delay(SILENT_MS)
  process.kill(faulty.pid, 'SIGCONT')
  const code = await faulty.stop()
  if (code !== 0) throw new Error(`the processor that had stalled ended with ${code}:\n${faulty.output()}`)
}

/** What comes now comes to it too, and not to the other processor alone. */
async function untilJoined({ address }: Processor): Promise<void> {
  const giveUpAtMs = performance.now() + POINT_WITHIN_MS
  while ((await fetch(`${address}/readyz`)).status !== 200) {
    if (performance.now() > giveUpAtMs) throw new Error('a processor did not get ready again')
    await delay(100)
  }
}

async function saysThatItIsThere(processor: Processor): Promise<void> {
  while (!processor.output().includes(AT_THE_POINT)) await delay(20)
}

async function reached(
  point: Promise<void>,
  { fault, processor, more }: Pick<Scene, 'fault' | 'processor' | 'more'>,
): Promise<void> {
  const there = point.then(() => true)
  for (let waitedMs = 0; waitedMs < POINT_WITHIN_MS; waitedMs += MORE_EVERY_MS) {
    const giveUp = new AbortController()
    const late = delay(MORE_EVERY_MS, false, { signal: giveUp.signal })
    late.catch(() => undefined)
    const isThere = await Promise.race([there, late])
    giveUp.abort()
    if (isThere) return
    await more()
  }
  const said = processor.output().slice(-6_000)
  throw new Error(`the point was not reached: ${fault.kind} ${fault.point}; the processor said:\n${said}`)
}
