// A TCP proxy between a processor and a server, which can be cut (connections end and new ones are refused) or be slow.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>
  /** Takes connections again, on the same port. */
  mend(): Promise<void>
  /** New connections go to another server of this machine. */
  leadTo(port: number): void
  /** Holds every answer of the server back for this long, milliseconds. Order is kept. */
  delayAnswers(ms: number): void
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let target = targetPort
  let delayMs = 0
  const answer = (outbound: Socket, inbound: Socket): void => {
    let dueMs = 0
    outbound.on('data', (chunk) => {
      const nowMs = performance.now()
      dueMs = Math.max(dueMs, nowMs + delayMs)
      if (dueMs <= nowMs) inbound.write(chunk)
      else setTimeout(() => inbound.write(chunk), dueMs - nowMs)
    })
  }
  const link = (inbound: Socket): void => {
    const outbound = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    inbound.pipe(outbound)
    answer(outbound, inbound)
  }
  const listen = async (port: number): Promise<Server> => {
    const server = createServer(link).listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    async cut() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    delayAnswers(ms) {
      delayMs = ms
    },
    async mend() {
      server = await listen(port)
    },
    leadTo(other) {
      target = other
    },
  }
}
