import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.ts'
import type { LogRecord } from '../../src/log/event-log.ts'
import { createRepair } from '../../src/repair.ts'
import { recordAt } from '../support/batches.ts'

/** A repair over a partition of `count` records; `journal` may fail. */
function repairOf(
  count: number,
  journal: (records: readonly LogRecord[]) => void = () => undefined,
  giveWayMs = 0,
) {
  const journaled: string[] = []
  const retries: string[] = []
  const repaired = Promise.withResolvers<void>()
  const repair = createRepair({
    async readSpan({ from, to, onRecords }) {
      const records = Array.from({ length: count }, (_, i) => recordAt(i))
      const within = records.filter(({ offset }) => BigInt(offset) >= from && BigInt(offset) < to)
      for (let at = 0; at < within.length; at += 400) await onRecords(within.slice(at, at + 400))
    },
    async journal(records) {
      journal(records)
      for (const { offset } of records) journaled.push(offset)
    },
    back: async () => undefined,
    giveWayMs,
    onRetry: (error) => retries.push(error.code),
    onFatal: (error) => repaired.reject(error),
    onRepaired: () => repaired.resolve(),
  })
  return { repair, journaled, retries, done: repaired.promise }
}

const span = (from: number, to: number) => ({ from: BigInt(from), to: BigInt(to) })
const offsets = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))

describe('the repair of the journals', () => {
  it('journals the span, in order, and then nothing is missing', async () => {
    const { repair, journaled, done } = repairOf(2_000)
    repair.add('payments.events', 0, span(10, 1_500))
    expect(repair.left()).toBe(1_490)
    await done
    expect(journaled).toEqual(offsets(10, 1_500))
    expect([repair.left(), repair.missing('payments.events', 0)]).toEqual([0, null])
  })

  it('covers what is added while it works', async () => {
    const { repair, journaled, done } = repairOf(100, ([first]) => {
      if (first?.offset === '0') repair.add('payments.events', 0, span(20, 30))
    })
    repair.add('payments.events', 0, span(0, 10))
    await done
    expect(journaled).toEqual(offsets(0, 30))
  })

  it('goes on where it stood when the journals go away again', async () => {
    let failures = 1
    const { repair, journaled, retries, done } = repairOf(1_000, ([first]) => {
      if (first?.offset === '512' && failures-- > 0) throw new AppError('STORE_UNAVAILABLE', 'away')
    })
    repair.add('payments.events', 0, span(256, 700))
    await done
    expect(retries).toEqual(['STORE_UNAVAILABLE'])
    expect(journaled).toEqual(offsets(256, 700))
  })

  it('gives way while events wait too long, and goes on when they no longer do', async () => {
    const { repair, journaled, done } = repairOf(600, undefined, 3_600_000)
    repair.giveWay(true)
    repair.add('payments.events', 0, span(0, 600))
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(journaled).toEqual([])
    repair.giveWay(false)
    await done
    expect(journaled).toEqual(offsets(0, 600))
    await repair.close()
  })

  it('gets on slowly while events wait too long all the time', async () => {
    const { repair, journaled, done } = repairOf(600, undefined, 1)
    repair.giveWay(true)
    repair.add('payments.events', 0, span(0, 600))
    await done
    expect(journaled).toEqual(offsets(0, 600))
  })

  it('does not try again what nobody foresaw', async () => {
    const { repair, done } = repairOf(10, () => {
      throw new RangeError('boom')
    })
    repair.add('payments.events', 0, span(0, 10))
    await expect(done).rejects.toMatchObject({ code: 'UNEXPECTED' })
  })

  it('leaves what is left to the note when it is closed', async () => {
    const started = Promise.withResolvers<void>()
    const { repair } = repairOf(1_000, () => started.resolve())
    repair.add('payments.events', 0, span(0, 1_000))
    await started.promise
    await repair.close()
    expect(repair.missing('payments.events', 0)).toEqual(span(256, 1_000))
  })
})
