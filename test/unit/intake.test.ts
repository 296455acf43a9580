import { describe, expect, it } from 'vitest'
import type { Decision } from '../../src/decision/decision.ts'
import { createIntake } from '../../src/intake.ts'
import { batchEventOf, batchOf, recordAt, sourceOf } from '../support/batches.ts'

const decisionOn = (event: string): Decision => ({
  event,
  time: '2026-03-01T12:00:00Z',
  action: 'allow',
  reasons: [],
  shadow: [],
  score: null,
  degraded: [],
  versions: { ruleSet: 'r', lists: 'none', model: null, rates: '1' },
})

function intakeFrom(firstOffset: number, behind = 0) {
  const keys: (string | Buffer | null)[] = []
  let offset = firstOffset
  const intake = createIntake({
    topic: 'payments.events',
    append: (records) => {
      keys.push(...records.map((record) => record.key))
      return records.map(() => ({ partition: 0, offset: String(offset++) }))
    },
    behind: () => behind,
    keyOf: (value) => `key of ${String(value)}`,
  })
  return { intake, keys }
}

describe('the intake', () => {
  it('answers each event with its own decision or rejection, in the order of the request', async () => {
    const { intake, keys } = intakeFrom(5)
    const answers = intake.submit([Buffer.from('a'), Buffer.from('b')])
    const rejected = {
      record: recordAt(5),
      code: 'MESSAGE_NOT_JSON',
      stage: 'decode',
      message: 'no',
    } as const
    const event = batchEventOf({}, { record: recordAt(6), decision: decisionOn('b') })
    intake.completed(batchOf([event], { rejected: [rejected] }))
    expect(await answers).toEqual([
      { rejected: { code: 'MESSAGE_NOT_JSON', message: 'no' } },
      { decision: JSON.stringify(decisionOn('b')) },
    ])
    expect(keys).toEqual(['key of a', 'key of b'])
  })

  it('tells two events with the same id apart by their place in the log', async () => {
    const { intake } = intakeFrom(0)
    const first = intake.submit([Buffer.from('a')])
    const second = intake.submit([Buffer.from('a')])
    const at = (offset: number) =>
      batchEventOf({}, { record: recordAt(offset), decision: decisionOn(`${offset}`) })
    intake.completed(batchOf([at(1), at(0)]))
    expect(await first).toEqual([{ decision: JSON.stringify(decisionOn('0')) }])
    expect(await second).toEqual([{ decision: JSON.stringify(decisionOn('1')) }])
  })

  it('does not take another topic of the same offset for its own', async () => {
    const { intake } = intakeFrom(0)
    const answer = intake.submit([Buffer.from('a')])
    const other = { ...recordAt(0), topic: 'payments.labels' }
    intake.completed(
      batchOf([batchEventOf({}, { record: other, decision: decisionOn('x') })], {
        source: sourceOf([other]),
      }),
    )
    intake.completed(batchOf([batchEventOf({}, { decision: decisionOn('mine') })]))
    expect(await answer).toEqual([{ decision: JSON.stringify(decisionOn('mine')) }])
  })

  it('refuses events while too many wait, and takes none of them', async () => {
    const { intake, keys } = intakeFrom(0, 20_001)
    await expect(intake.submit([Buffer.from('a')])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' })
    expect(keys).toEqual([])
  })
})
