// A call of a function of the velocity library, as it goes over the wire. ioredis writes a command argument by argument: for the 950
// journals of a batch that takes 0.9 ms, and in one piece 0.1 ms (4 µs an event).
import { Command } from 'ioredis'

/** To be given to `sendCommand`; its promise has the reply with bytes as Buffers. The arguments as for FCALL, the function's name first. */
export function functionCall(args: readonly (string | Buffer)[]): Command {
  const bytes = encodeCommand(['FCALL', ...args])
  const command = new Command('FCALL', [], { replyEncoding: null })
  return Object.assign(command, { toWritable: () => bytes })
}

/** RESP: an array of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export function encodeCommand(args: readonly (string | Buffer)[]): Buffer {
  const pieces: (string | Buffer)[] = []
  // Texts that follow each other are joined, because writing a text into a buffer costs more than joining two.
  let text = `*${args.length}\r\n`
  let length = 0
  for (const arg of args) {
    if (typeof arg === 'string') {
      text += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`
      continue
    }
    text += `$${arg.length}\r\n`
    length += Buffer.byteLength(text) + arg.length
    pieces.push(text, arg)
    text = '\r\n'
  }
  length += Buffer.byteLength(text)
  pieces.push(text)
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const piece of pieces) at += typeof piece === 'string' ? bytes.write(piece, at) : piece.copy(bytes, at)
  return bytes
}
