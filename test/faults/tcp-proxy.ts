// A TCP proxy between one processor and a server: cuts, delays and refuses connections as a bad network does, and springs a trap at
// a request that is named.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { answerNumber, frames, requestNumber, requestType } from './kafka-frames.ts'
import type { WirePoint } from './points.ts'

export interface TcpProxy {
  readonly port: number
  /** Ends every connection; new ones are taken. */
  cut(): void
  /** Ends every connection and takes no new one until `heal`. */
  partition(): void
  /** Holds back everything by this long, milliseconds. Order is kept. */
  delayBy(ms: number): void
  /** Ends partition and delay. */
  heal(): void
  /** Waits for one request; see Trap. */
  set(trap: Trap): void
  /** Takes back a trap that was not sprung. */
  disarm(): void
  close(): Promise<void>
}

/** One that is sprung once: at the request itself, before the server has it, or at its answer. */
export interface Trap {
  readonly point: WirePoint
  /** Called at once. When its promise resolves, the connection goes on with what was held (true) or ends (false). */
  readonly spring: () => Promise<boolean>
}

interface Link {
  /** Of the request whose answer springs the trap; null for none. */
  awaited: { trap: Trap; number: number } | null
}

export async function startTcpProxy(
  server: WirePoint['server'],
  targetPort: number,
  port = 0,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isPartitioned = false
  let delayMs = 0
  let armed: Trap | null = null

  const take = (): Trap | null => {
    const trap = armed
    armed = null
    return trap
  }
  const onRequest = async (part: Buffer, link: Link): Promise<boolean> => {
    if (armed === null || !isMeant(part, armed.point)) return true
    const trap = take()
    if (trap === null) return true
    if (trap.point.held) return trap.spring()
    link.awaited = { trap, number: server === 'kafka' ? requestNumber(part) : 0 }
    return true
  }
  const onAnswer = async (part: Buffer, link: Link): Promise<boolean> => {
    const { awaited } = link
    if (awaited === null || (server === 'kafka' && answerNumber(part) !== awaited.number)) return true
    link.awaited = null
    return awaited.trap.spring()
  }
  const track = (socket: Socket): void => {
    sockets.add(socket)
    // A connection that ends with an error is what this proxy is for.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const late = async function* (from: Socket): AsyncGenerator<Buffer> {
    for await (const chunk of from) {
      if (delayMs > 0) await delay(delayMs)
      yield chunk
    }
  }
  const forward = async (
    from: Socket,
    to: Socket,
    look: (part: Buffer) => Promise<boolean>,
  ): Promise<void> => {
    try {
      for await (const part of server === 'kafka' ? frames(late(from)) : late(from)) {
        if (!(await look(part))) return
        to.write(part)
      }
    } catch {
      // The connection broke; its other half ends with it.
    } finally {
      from.destroy()
      to.destroy()
    }
  }
  const listener = createServer((client) => {
    if (isPartitioned) {
      client.destroy()
      return
    }
    const upstream = connect(targetPort, '127.0.0.1')
    const link: Link = { awaited: null }
    track(client)
    track(upstream)
    void forward(client, upstream, (part) => onRequest(part, link))
    void forward(upstream, client, (part) => onAnswer(part, link))
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    cut,
    partition() {
      isPartitioned = true
      cut()
    },
    delayBy(ms) {
      delayMs = ms
    },
    heal() {
      isPartitioned = false
      delayMs = 0
    },
    set(trap) {
      armed = trap
    },
    disarm() {
      armed = null
    },
    async close() {
      listener.close()
      cut()
      await once(listener, 'close')
    },
  }
}

function isMeant(part: Buffer, { request }: WirePoint): boolean {
  return typeof request === 'string' ? part.includes(request) : request.includes(requestType(part))
}
