// What a backtest must never do: let a decision depend on what came later.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordedLine } from '../../src/backtest/recording.ts'
import { createReplay } from '../../src/backtest/replay.ts'
import { knowledgeOf, labelOf, type Message, optionsOf, payment } from '../unit/backtest/support.ts'

const RULES = [
  { id: 'burst', when: "count(account, '30m') >= 3", action: 'review', reason: 'BURST' },
  { id: 'mule', when: "count(payee, '30d', fraud) >= 1", action: 'block', reason: 'MULE' },
  { id: 'cleared', when: "count(payee, '30d', genuine) >= 1", action: 'review', reason: 'CLEARED' },
]

async function decisionsOf(
  messages: readonly Message[],
  knowledge: ReturnType<typeof knowledgeOf>['knowledge'],
) {
  const decisions: string[] = []
  const replay = createReplay({
    ...optionsOf('', knowledge),
    onDecided: (batch) => decisions.push(...batch.events.map(({ decision }) => JSON.stringify(decision))),
  })
  const lines = messages.map(
    (message, i): RecordedLine => ({
      kind: 'label' in message ? 'label' : 'event',
      line: i + 1,
      timestampMs: Number.POSITIVE_INFINITY,
      value: Buffer.from(JSON.stringify(message)),
    }),
  )
  await replay.play(lines)
  await replay.close()
  return decisions
}

/** Payments by two accounts to two payees, minutes apart and not always in order. */
const events = fc
  .array(fc.record({ step: fc.integer({ min: -5, max: 20 }), payer: fc.nat(1), payee: fc.nat(1) }), {
    minLength: 2,
    maxLength: 12,
  })
  .map((list) => {
    let minute = 100
    return list.map(({ step, payer, payee }, i) => {
      minute += step
      const parties = { payer: { account: `payer-${payer}` }, payee: { account: `payee-${payee}` } }
      return payment(`event-${i}`, minute, parties)
    })
  })

test('moving a label later changes no decision before its first place, and those between as if it were not there', async () => {
  const { knowledge } = knowledgeOf(RULES)
  let changed = 0
  await fc.assert(
    fc.asyncProperty(events, fc.nat(), fc.nat(), fc.nat(), async (list, a, b, c) => {
      const first = 1 + (a % list.length)
      const later = first + (b % (list.length - first + 1))
      const about = list[c % first]
      if (about === undefined) throw new Error('there is no event')
      const label = { ...labelOf(about.id, 'fraud', 100), payer: about.payer, payee: about.payee }
      const at = (place: number) =>
        decisionsOf([...list.slice(0, place), label, ...list.slice(place)], knowledge)
      const [early, late, without] = await Promise.all([at(first), at(later), decisionsOf(list, knowledge)])
      expect(late.slice(0, first)).toEqual(early.slice(0, first))
      expect(late.slice(0, later)).toEqual(without.slice(0, later))
      if (JSON.stringify(late) !== JSON.stringify(early)) changed++
    }),
    { numRuns: 150 },
  )
  // Otherwise labels would change nothing at all, and the test would show nothing.
  expect(changed).toBeGreaterThan(10)
})

test('a recording that ends earlier is decided as the beginning of the longer one', async () => {
  const { knowledge } = knowledgeOf(RULES)
  await fc.assert(
    fc.asyncProperty(events, fc.nat(), async (list, n) => {
      const length = n % (list.length + 1)
      const [whole, part] = await Promise.all([
        decisionsOf(list, knowledge),
        decisionsOf(list.slice(0, length), knowledge),
      ])
      expect(part).toEqual(whole.slice(0, length))
    }),
    { numRuns: 100 },
  )
})
