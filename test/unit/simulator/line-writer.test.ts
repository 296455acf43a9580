import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createLineWriter } from '../../../src/simulator/line-writer.ts'

const message = (key: string) => ({ topic: 't', key, value: '{"a":1}' })
const never = () => expect.unreachable('the reader is there')

function failing(code: string): Writable {
  return new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  })
}

describe('the line writer', () => {
  it('waits for a slow reader, writes every line once and leaves no listener behind', async () => {
    const stream = new PassThrough({ highWaterMark: 16 })
    const writer = createLineWriter(stream, never)
    const listeners = () => ['drain', 'error', 'close'].map((name) => stream.listenerCount(name))
    const before = listeners()
    const read = text(stream)
    for (let i = 0; i < 50; i++) await writer.send([message(`${i}`), message(`${i}b`)])
    const after = listeners()
    await writer.close()
    const keys = (await read)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).key)
    expect(keys).toEqual(Array.from({ length: 50 }, (_, i) => [`${i}`, `${i}b`]).flat())
    expect(after[0]).toBe(before[0])
    expect(after[1]! - before[1]!).toBeLessThan(5)
  })

  it('throws when the stream fails, as on a full disk', async () => {
    const writer = createLineWriter(failing('ENOSPC'), never)
    await expect(writer.send([message('1')])).rejects.toThrow('ENOSPC')
  })

  it('ends in peace when the reader goes away', async () => {
    let gone = 0
    const writer = createLineWriter(failing('EPIPE'), () => gone++)
    await writer.send([message('1')])
    await writer.send([message('2')])
    await writer.close()
    expect(gone).toBe(1)
  })
})
