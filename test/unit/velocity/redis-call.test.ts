import { expect, test } from 'vitest'
import { encodeCommand } from '../../../src/velocity/redis-call.ts'

test('a command goes over the wire as an array of bulk strings, lengths in bytes', () => {
  const encoded = encodeCommand(['FCALL', 'f', 'schlüssel', Buffer.from([0, 255, 13]), '', Buffer.alloc(0)])
  expect(encoded.toString('latin1')).toBe(
    '*6\r\n$5\r\nFCALL\r\n$1\r\nf\r\n$10\r\nschl\u00c3\u00bcssel\r\n$3\r\n\u0000\u00ff\r\r\n$0\r\n\r\n$0\r\n\r\n',
  )
})
