// A process that stands still for longer than its session while another one is in its group: it loses its partitions, notices
// it, and neither publishes nor commits for what another one has.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Blocked, BlockedOptions } from '../support/blocked.ts'
import { collect, textOf } from '../support/collector.ts'
import { kafkaUnderTest } from '../support/kafka/kafka-under-test.ts'

const RECORDS = 40

describe.each(['at-least-once', 'exactly-once'] as const)('%s', (delivery) => {
  const under = kafkaUnderTest(delivery)

  it('leaves the batch in hand to the new owner, says that it stood still, and joins again', async () => {
    const topic = await under.createTopic({ partitions: 2 })
    const output = await under.createTopic({ partitions: 1 })
    const groupId = under.name()
    const log = under.openLog()
    await log.produce(Array.from({ length: RECORDS }, (_, i) => ({ topic, key: `k${i}`, value: String(i) })))
    const child = startBlocked({
      settings: { ...under.settings, brokers: [...under.settings.brokers] },
      topic,
      output,
      groupId,
      blockMs: under.settings.sessionTimeoutMs + 4_000,
    })
    await child.until('in hand')
    const other = await collect(log, { topics: [topic], groupId })
    onTestFinished(() => other.consumer.stop())
    await other.until(() => new Set(other.records.map(textOf)).size === RECORDS)
    expect(child.told.map(({ kind }) => kind)).not.toContain('went on')

    expect(await child.until('went on')).toMatchObject({
      published: 'PARTITION_LOST',
      committed: 'PARTITION_LOST',
    })
    expect(await child.until('stood still')).toMatchObject({
      heldUpMs: expect.toSatisfy((heldUpMs: number) => heldUpMs > under.settings.sessionTimeoutMs),
    })
    // It is given a share again, and what comes is done once.
    await child.until('assigned', 2)
    const [written] = await under.admin.fetchTopicOffsets(output)
    expect(written?.high).toBe('0')
    expect(await child.stop()).toBe(0)
  })
})

function startBlocked(options: BlockedOptions) {
  const child = spawn(process.execPath, ['test/support/blocked-consumer.ts', JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const told: Blocked[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    told.push(JSON.parse(line) as Blocked)
    for (const look of waiting) look()
  })
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await exited
    return child.exitCode
  }
  onTestFinished(async () => void (await stop()))
  return {
    told,
    stop,
    /** The nth line of this kind, as soon as it was told. */
    until: (kind: Blocked['kind'], nth = 1): Promise<Blocked> =>
      new Promise((resolve) => {
        const look = () => {
          const found = told.filter((line) => line.kind === kind)[nth - 1]
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}
