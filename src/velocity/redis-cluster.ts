// A Redis Cluster. A call goes to the master of its slot and straight there: what has moved is looked up again and left to the
// caller's next try, so that no call is repeated behind its back and each loss of a master is noticed.
import { Cluster, Command, type Redis } from 'ioredis'
import { AppError } from '../errors.ts'
import { shardTags } from './journal-key.ts'
import { functionCall } from './redis-call.ts'
import type { RedisConnection, RedisConnectionOptions } from './redis-connection.ts'
import { replyCode } from './redis-error.ts'
import { loadLibrary, readLibraryCode } from './redis-library.ts'
import { awaitReplicas } from './redis-replicas.ts'

/** Does not connect yet: the first `open` does. `options.url` names some nodes of the cluster, separated by commas. */
export function connectCluster(options: RedisConnectionOptions): RedisConnection {
  const { commandTimeoutMs, logger } = options
  const code = readLibraryCode()
  const cluster = newCluster(options)
  const address = options.url
    .split(',')
    .map((url) => new URL(url.trim()).host)
    .join(',')
  let generation = 0
  let opening: Promise<void> | null = null
  let lastError: unknown = null
  /** Node (`host:port`) that answered last for each part. */
  const owners = new Map<string, string>()
  const slots = new Map<string, number>()
  /** One entry a connection: a node that comes back has a new one. */
  const libraries = new WeakMap<Redis, Promise<void>>()
  cluster.on('ready', () => {
    lastError = null
  })
  // It says that all nodes failed; what a node said tells more.
  cluster.on('error', (error: unknown) => {
    lastError ??= error
  })
  cluster.on('node error', (error: unknown) => {
    lastError = error
  })
  cluster.on('+node', (node: Redis) => {
    node.on('close', () => {
      // What was never called has acknowledged nothing.
      if (libraries.delete(node)) generation++
    })
  })

  function ready(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const fail = (): void => reject(lastError ?? new Error('no node of the cluster could be reached'))
    // ioredis says nothing when the nodes answer but the cluster is down.
    const timer = setTimeout(
      () => reject(new Error('the cluster did not become ready in time')),
      commandTimeoutMs,
    )
    cluster.once('ready', resolve)
    cluster.once('close', fail)
    if (cluster.status === 'wait') cluster.connect().catch(fail)
    return promise.finally(() => {
      opening = null
      clearTimeout(timer)
      cluster.off('ready', resolve)
      cluster.off('close', fail)
    })
  }

  function slotOf(part: string): number {
    const known = slots.get(part)
    if (known !== undefined) return known
    const slot = new Command('get', [part]).getSlot() ?? 0
    slots.set(part, slot)
    return slot
  }

  const ownerOf = (part: string): string | undefined => cluster.slots[slotOf(part)]?.[0]

  function masterOf(part: string): Redis {
    const owner = ownerOf(part)
    const node = cluster.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === owner)
    if (node !== undefined) return node
    throw new AppError('STORE_UNAVAILABLE', `${owner ?? address}: no connection to the master of ${part}`)
  }

  function checkLibrary(node: Redis): Promise<void> {
    const known = libraries.get(node)
    if (known !== undefined) return known
    const checked = load(node)
    libraries.set(node, checked)
    checked.catch(() => libraries.delete(node))
    return checked
  }

  async function load(node: Redis): Promise<void> {
    if (!(await loadLibrary(node, code, 'cluster'))) return
    const redis = `${node.options.host}:${node.options.port}`
    logger?.info({ redis }, 'Loaded the velocity function library into Redis')
  }

  async function callOnce(part: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    const node = masterOf(part)
    await checkLibrary(node)
    try {
      const called = node.sendCommand(functionCall(args))
      // In the same tick, so that it follows the call on the wire.
      const [reply] = await Promise.all([called, awaitReplicas(node, options)])
      return reply
    } catch (error) {
      // The slot is on its way and these keys are there already: ioredis knows how to ask for them.
      if (replyCode(error) === 'ASK') return await cluster.callBuffer('FCALL', [...args])
      throw error
    }
  }

  async function callFunction(part: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    try {
      return await callOnce(part, args)
    } catch (error) {
      // A function that does not exist has no error code of its own. A node that is new or was emptied has none.
      if (replyCode(error) !== 'ERR') throw error
      const loaded = await Promise.all(
        cluster.nodes('master').map((node) => loadLibrary(node, code, 'cluster')),
      )
      if (!loaded.includes(true)) throw error
      logger?.warn({ redis: address }, 'A node had no velocity function library, and it was loaded')
      return await callOnce(part, args)
    }
  }

  return {
    address,
    generation: () => generation,
    async open() {
      if (cluster.status === 'ready') return
      if (!isOpening(cluster.status))
        throw lastError ?? new Error(`the cluster is in state ${cluster.status}`)
      opening ??= ready()
      await opening
    },
    // The hash tag, braces included; journal keys all have one.
    partOf: (key) => /\{[^}]+\}/.exec(key)?.[0] ?? key,
    parts: shardTags(),
    masters: () => cluster.nodes('master'),
    noteOwners(parts) {
      for (const part of parts) {
        const owner = ownerOf(part)
        const before = owners.get(part)
        if (owner === undefined || owner === before) continue
        owners.set(part, owner)
        if (before !== undefined) generation++
      }
    },
    async callFunction(part, args) {
      try {
        return await callFunction(part, args)
      } catch (error) {
        const reply = replyCode(error)
        // Whatever went wrong may be because the cluster is no longer as it was.
        if (reply !== 'TRYAGAIN') cluster.refreshSlotsCache(() => undefined)
        if (reply !== 'MOVED') throw error
        throw new AppError('STORE_UNAVAILABLE', `${address}: the slot of ${part} has moved`, { cause: error })
      }
    },
    expiresInMs: (key) => cluster.pttl(key),
    async ping() {
      const masters = cluster.nodes('master')
      await Promise.all(masters.map((node) => checkLibrary(node).then(() => node.ping())))
    },
    async close() {
      const ended = cluster.status === 'ready' ? new Promise((resolve) => cluster.once('end', resolve)) : null
      cluster.disconnect()
      await ended
    },
  }
}

function isOpening(status: Cluster['status']): boolean {
  return status === 'wait' || status === 'connecting' || status === 'connect'
}

function newCluster({ url, commandTimeoutMs }: RedisConnectionOptions): Cluster {
  const nodes = url.split(',').map((text) => new URL(text.trim()))
  const [first] = nodes
  const isTls = first?.protocol === 'rediss:'
  return new Cluster(
    nodes.map(({ hostname, port }) => ({ host: hostname, port: Number(port || 6379) })),
    {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: (attempt) => Math.min(50 * 2 ** (attempt - 1), 2_000),
      slotsRefreshTimeout: commandTimeoutMs,
      maxRedirections: 4,
      // Errors come at once: the batch is done again by the pipeline's own rules.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      redisOptions: {
        connectTimeout: commandTimeoutMs,
        commandTimeout: commandTimeoutMs,
        socketTimeout: commandTimeoutMs * 2,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        ...(first === undefined || first.username === ''
          ? {}
          : { username: decodeURIComponent(first.username) }),
        ...(first === undefined || first.password === ''
          ? {}
          : { password: decodeURIComponent(first.password) }),
        ...(isTls ? { tls: {} } : {}),
      },
      // A certificate names the host, so TLS needs the name and not what it resolves to.
      ...(isTls ? { dnsLookup: (host, callback) => callback(null, host) } : {}),
    },
  )
}
