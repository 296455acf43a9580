// A TCP proxy between one processor and a server: cuts, delays and refuses connections as a bad network does.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

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
  close(): Promise<void>
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isPartitioned = false
  let delayMs = 0
  const track = (socket: Socket): void => {
    sockets.add(socket)
    // A connection that ends with an error is what this proxy is for.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const forward = async (from: Socket, to: Socket): Promise<void> => {
    try {
      for await (const chunk of from) {
        if (delayMs > 0) await delay(delayMs)
        to.write(chunk)
      }
    } finally {
      to.destroy()
    }
  }
  const server = createServer((client) => {
    if (isPartitioned) {
      client.destroy()
      return
    }
    const upstream = connect(targetPort, '127.0.0.1')
    track(client)
    track(upstream)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      forward(from, to).catch(() => to.destroy())
    }
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
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
    async close() {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}
