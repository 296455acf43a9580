// A span of a partition that is read while the network breaks: who asked for it can ask again.
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { textOf } from '../support/collector.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const JOIN_GROUP = 11

it('is unavailable, and no defect, when the connection breaks while its group is joined', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  let down = false
  let isArmed = true
  const sockets = new Set<Socket>()
  const socketFactory = ({
    host,
    port,
    onConnect,
  }: {
    host: string
    port: number
    onConnect: () => void
  }) => {
    const socket = connect(port, host, onConnect)
    if (down) setImmediate(() => socket.destroy(new Error('the network is down')))
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
    const watched = (...args: unknown[]): boolean => {
      if (isArmed && Buffer.isBuffer(args[0]) && args[0].readInt16BE(4) === JOIN_GROUP) {
        isArmed = false
        down = true
        for (const open of sockets) open.destroy(new Error('the network is down'))
        return false
      }
      return write(...args)
    }
    return Object.assign(socket, { write: watched })
  }
  const log = under.openLog({ socketFactory })
  const read = async (): Promise<string[]> => {
    const texts: string[] = []
    await log.readSpan({
      topic,
      partition: 0,
      from: 1n,
      to: 3n,
      async onRecords(records) {
        texts.push(...records.map(textOf))
      },
    })
    return texts
  }
  const records = Array.from({ length: 5 }, (_, i) => ({ topic, key: 'k', value: String(i) }))
  await log.produce(records)
  await expect(read()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' })
  down = false
  expect(await read()).toEqual(['1', '2'])
})
