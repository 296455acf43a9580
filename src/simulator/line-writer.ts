// Messages as JSON Lines to a stream, waiting whenever the stream is full.
import type { Writable } from 'node:stream'
import type { OutputRecord } from '../log/event-log.ts'
import { encodeLine } from './encode.ts'

export interface LineWriter {
  /** Resolves when the stream takes more. Throws what the stream reports, but not that its reader is gone. */
  send(messages: readonly OutputRecord[]): Promise<void>
  /** Ends the stream and resolves when all is written. */
  close(): Promise<void>
}

/** `onReaderGone` is called when whoever reads has stopped reading, as `head` does. */
export function createLineWriter(stream: Writable, onReaderGone: () => void): LineWriter {
  let failure: Error | null = null
  let readerGone = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      readerGone = true
      onReaderGone()
    } else {
      failure = error
    }
  })
  /** Woken by an error and by the end of the stream too, after which no `event` would come. */
  const until = async (event: 'drain' | 'close'): Promise<void> => {
    const woken = Promise.withResolvers<void>()
    const events = [event, 'error', 'close']
    for (const name of events) stream.on(name, woken.resolve)
    if (!stream.closed) await woken.promise
    for (const name of events) stream.off(name, woken.resolve)
    if (failure !== null) throw failure
  }
  return {
    async send(messages) {
      if (readerGone) return
      if (!stream.write(messages.map((message) => `${encodeLine(message)}\n`).join(''))) await until('drain')
    },
    async close() {
      stream.end()
      await until('close')
    },
  }
}
