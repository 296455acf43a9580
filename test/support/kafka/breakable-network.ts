// Connections of a kafkajs client over a network that can be taken down: those that stand end, and new ones do not come about.
import { connect, type Socket } from 'node:net'
import type { ISocketFactory } from 'kafkajs'

export interface BreakableNetwork {
  readonly socketFactory: ISocketFactory
  takeDown(): void
  bringUp(): void
}

/** `onSend` is told of every request before it goes, and may take the network down: then it does not. */
export function breakableNetwork(onSend: (request: Buffer) => void = () => undefined): BreakableNetwork {
  const sockets = new Set<Socket>()
  let isDown = false
  const end = (socket: Socket): void => void socket.destroy(new Error('the network is down'))
  return {
    socketFactory({ host, port, onConnect }) {
      const socket = connect(port, host, onConnect)
      if (isDown) setImmediate(end, socket)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
      return Object.assign(socket, {
        write(...args: unknown[]): boolean {
          if (Buffer.isBuffer(args[0])) onSend(args[0])
          // A socket that has ended sends nothing.
          return write(...args)
        },
      })
    },
    takeDown() {
      isDown = true
      for (const socket of sockets) end(socket)
    },
    bringUp() {
      isDown = false
    },
  }
}
