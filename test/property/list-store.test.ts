// Lists against a model that is too simple to be wrong: an array of entries, searched from the start.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createListStore, listItems } from '../../src/rules/list-store.ts'
import type { ListKind } from '../../src/rules/lists.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'

const itemOf = listItems(createPseudonymiser('ab'.repeat(16)))
const list = fc.constantFrom('mules', 'trusted')
const holds = fc.constantFrom<ListKind[]>('account', 'country')
const value = fc.constantFrom('a', 'B', 'c', 'DE')
const expires = fc.constantFrom(10, 20, Number.POSITIVE_INFINITY)
const step = fc.oneof(
  fc.record({ what: fc.constant('put' as const), list, holds, value, expires }),
  fc.record({ what: fc.constant('remove' as const), list, holds, value, expires }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function played(steps: readonly Step[]) {
  const store = createListStore(itemOf)
  for (const { what, list: name, holds: kind, value: text, expires: until } of steps) {
    if (what === 'put') store.put(name, kind, itemOf(kind, text), until)
    else store.remove(name, kind, itemOf(kind, text))
  }
  return store
}

/** The last step about each entry. */
function standing(steps: readonly Step[]): Step[] {
  const idOf = (one: Step) => [one.list, one.holds, itemOf(one.holds, one.value)].join(' ')
  return steps.filter(
    (one, i) => one.what === 'put' && steps.slice(i + 1).every((other) => idOf(other) !== idOf(one)),
  )
}

it('a list has what was put on it last and not taken off, until it expires', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      list,
      value,
      fc.constantFrom(9, 10, 20),
      (steps, name, text, atMs) => {
        const expected = standing(steps).some(
          (one) =>
            one.list === name &&
            itemOf(one.holds, one.value) === itemOf(one.holds, text) &&
            atMs < one.expires,
        )
        const store = played(steps)
        expect(store.has(name, text, atMs)).toBe(expected)
        expect(store.size()).toBe(standing(steps).length)
      },
    ),
  )
})

it('equal content has an equal version whatever led to it, and other content another', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.nat()), (steps, numbers) => {
      const rest = standing(steps)
      const order = rest.map((one) => ({ one, at: numbers.next().value })).sort((a, b) => a.at - b.at)
      const version = played(steps).version
      expect(played(order.map(({ one }) => one)).version).toBe(version)
      expect(version === 'none').toBe(rest.length === 0)
      const [first, ...others] = rest
      if (first === undefined) return
      expect(played(others).version).not.toBe(version)
      expect(played([...others, { ...first, expires: 30 }]).version).not.toBe(version)
    }),
  )
})
