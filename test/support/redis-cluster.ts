// A Redis Cluster on loopback: three masters with a third of the slots each, and a replica for each. Needs redis-server here.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command, Redis } from 'ioredis'
import { freePorts } from './free-port.ts'
import { spawnRedis } from './redis.ts'

const MASTERS = 3
const SLOTS = 16_384
const SETTINGS = [
  ['--save', '', '--appendonly', 'no', '--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'],
  // A replica may take over however long ago it heard of its master.
  ['--cluster-replica-validity-factor', '0', '--repl-diskless-sync-delay', '0'],
].flat()
const AGREED_WITHIN_MS = 30_000
const ANSWER_WITHIN_MS = 3_000

export interface TestRedisCluster {
  /** All nodes, with commas between. */
  readonly url: string
  /** Ports of the masters as they are now. */
  masters(): Promise<number[]>
  /**
   * Kills the master of this hash tag, such as `{17}`, waits until its replica has taken over, starts it again as the replica
   * that it now is, and resolves with its port.
   */
  failOver(tag: string): Promise<number>
  /** Gives the slot of this hash tag to another master, with its keys, and resolves when it is there. */
  moveSlotOf(tag: string): Promise<void>
  stop(): Promise<void>
}

interface Node {
  readonly port: number
  readonly admin: Redis
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  isAlive: boolean
}

export async function startRedisCluster(): Promise<TestRedisCluster> {
  const ports = await freePorts(MASTERS * 4)
  const nodes: Node[] = []
  const dirs: string[] = []
  for (let i = 0; i < MASTERS * 2; i++) {
    const dir = mkdtempSync(path.join(tmpdir(), 'paysentry-cluster-'))
    dirs.push(dir)
    const port = ports[i]!
    const settings = [...SETTINGS, '--cluster-port', String(ports[i + MASTERS * 2]!)]
    let server = await spawnRedis(port, dir, settings)
    const admin = new Redis(server.url, { retryStrategy: () => 50 })
    admin.on('error', () => undefined)
    nodes.push({
      port,
      admin,
      start: async () => {
        server = await spawnRedis(port, dir, settings)
      },
      stop: () => server.stop(),
      isAlive: true,
    })
  }
  const busPorts = ports.slice(MASTERS * 2)
  await join(nodes, busPorts)
  const alive = () => nodes.filter(({ isAlive }) => isAlive)
  const nodeAt = (port: number): Node => nodes.find((node) => node.port === port)!

  async function masterOf(tag: string): Promise<Node> {
    const slot = slotOf(tag)
    const [, , , myself] = (await slotRanges(alive()[0]!)).find(([from, to]) => slot >= from && slot <= to)!
    return nodeAt(myself)
  }

  return {
    url: nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(','),
    masters: async () => [...new Set((await slotRanges(alive()[0]!)).map(([, , , port]) => port))],
    async failOver(tag) {
      const master = await masterOf(tag)
      master.isAlive = false
      await master.stop()
      await until(`a replica of ${master.port} takes over`, async () => {
        if (!(await agree(alive()))) return false
        return (await slotRanges(alive()[0]!)).every(([, , , port]) => port !== master.port)
      })
      await master.start()
      master.isAlive = true
      await until(`${master.port} is back`, () => agree(nodes))
      return master.port
    },
    async moveSlotOf(tag) {
      const slot = slotOf(tag)
      const from = await masterOf(tag)
      const ranges = await slotRanges(from)
      const to = nodeAt(ranges.find(([, , , port]) => port !== from.port)![3])
      const [fromId, toId] = [await from.admin.cluster('MYID'), await to.admin.cluster('MYID')]
      await to.admin.cluster('SETSLOT', slot, 'IMPORTING', fromId)
      await from.admin.cluster('SETSLOT', slot, 'MIGRATING', toId)
      const deadline = performance.now() + AGREED_WITHIN_MS
      for (;;) {
        const keys = await from.admin.cluster('GETKEYSINSLOT', slot, 5)
        if (keys.length === 0) break
        if (performance.now() > deadline) throw new Error(`slot ${slot} still has keys on ${from.port}`)
        await from.admin.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys)
        // Traffic comes between, while some of the slot's keys are here and some there.
        await delay(5)
      }
      await to.admin.cluster('SETSLOT', slot, 'NODE', toId)
      await from.admin.cluster('SETSLOT', slot, 'NODE', toId)
      await until(`${to.port} has the slot of ${tag}`, async () => (await masterOf(tag)).port === to.port)
    },
    async stop() {
      for (const { admin } of nodes) admin.disconnect()
      await Promise.all(nodes.map((node) => node.stop()))
      for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Makes one cluster of the nodes: the first three are masters, each of the others follows one. */
async function join(nodes: readonly Node[], busPorts: readonly number[]): Promise<void> {
  const [first] = nodes
  for (const [i, { port, admin }] of nodes.entries()) {
    await admin.cluster('SET-CONFIG-EPOCH', i + 1)
    if (i < MASTERS) {
      const start = Math.ceil((SLOTS * i) / MASTERS)
      const end = Math.ceil((SLOTS * (i + 1)) / MASTERS) - 1
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', start, end)
    }
    if (i > 0) await first!.admin.call('CLUSTER', 'MEET', '127.0.0.1', port, busPorts[i]!)
  }
  await until('all nodes know each other', () => agree(nodes, nodes.length))
  for (const [i, { admin }] of nodes.entries()) {
    if (i >= MASTERS) await admin.cluster('REPLICATE', await nodes[i - MASTERS]!.admin.cluster('MYID'))
  }
  await until('every replica follows its master', async () => {
    const replication = await Promise.all(nodes.map(({ admin }) => admin.info('replication')))
    const linked = replication.map((text, i) =>
      i < MASTERS ? /state=online/.test(text) : /master_link_status:up/.test(text),
    )
    return linked.every(Boolean) && (await agree(nodes, nodes.length))
  })
}

/** True when every node says that the cluster works, and knows as many nodes. */
async function agree(nodes: readonly Node[], known?: number): Promise<boolean> {
  const infos = await Promise.all(nodes.map(({ admin }) => admin.call('CLUSTER', 'INFO')))
  return infos.every((info) => {
    const text = String(info)
    if (!text.includes('cluster_state:ok')) return false
    return known === undefined || text.includes(`cluster_known_nodes:${known}\r`)
  })
}

/** First slot, last slot, host and port of the master, for every range. */
async function slotRanges(node: Node): Promise<[number, number, string, number][]> {
  const ranges = await node.admin.cluster('SLOTS')
  return ranges.flatMap(([from, to, master]) =>
    master === undefined ? [] : [[from, to, master[0], master[1]]],
  )
}

function slotOf(tag: string): number {
  return new Command('get', [tag]).getSlot()
}

/** A cluster tells nobody when it agrees, so it is asked. A node that does not answer is asked again. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + AGREED_WITHIN_MS
  let answer = 'not yet'
  for (;;) {
    const held = await within(holds()).catch((error: unknown) => {
      answer = error instanceof Error ? error.message : String(error)
      return false
    })
    if (held) return
    if (performance.now() > deadline)
      throw new Error(`the cluster: ${what} did not come true within ${AGREED_WITHIN_MS} ms (${answer})`)
    await delay(50)
  }
}

/** An answer that does not come is none: a connection to a node that was killed may wait for ever. */
async function within<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error('a node does not answer')), ANSWER_WITHIN_MS)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
