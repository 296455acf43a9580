// A span of a partition that is read while the network breaks: who asked for it can ask again.
import { expect, it } from 'vitest'
import { requestType } from '../faults/kafka-frames.ts'
import { textOf } from '../support/collector.ts'
import { breakableNetwork } from '../support/kafka/breakable-network.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const under = kafkaUnderTest()
const JOIN_GROUP = 11

it('is unavailable, and no defect, when the connection breaks while its group is joined', async () => {
  const topic = await under.createTopic({ partitions: 1 })
  let isArmed = true
  const network = breakableNetwork((request) => {
    if (!isArmed || requestType(request) !== JOIN_GROUP) return
    isArmed = false
    network.takeDown()
  })
  const log = under.openLog(network)
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
  network.bringUp()
  expect(await read()).toEqual(['1', '2'])
})
