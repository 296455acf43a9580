// A model that fails, or is too slow, while payments are decided: rules alone decide, and every decision says so.
import { expect, it } from 'vitest'
import type { Decision } from '../../src/decision/decision.ts'
import { startEmbedded } from '../support/embedded.ts'
import { paymentEvent } from '../support/events.ts'

function decideAt(address: string): (id: string) => Promise<Decision> {
  return async (id) => {
    const body = JSON.stringify(paymentEvent({ id, time: new Date().toISOString() }))
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${address}/v1/events`, { method: 'POST', headers, body })
    return (await response.json()) as Decision
  }
}

it('leaves out a model that throws, and goes on with rules alone', async () => {
  const app = await startEmbedded()
  const decide = decideAt(app.address)
  const before = await decide('before')
  expect(before.degraded).toEqual([])
  expect(before.score?.value).toBeGreaterThanOrEqual(0)
  // Its tensors are gone: every prediction throws from now on.
  app.knowledge.scorer!.close()
  const without = await decide('without')
  expect(without.degraded).toEqual(['model'])
  expect(without.score).toBeNull()
  expect(without.versions.model).toBe(before.versions.model)
  // Everything else is closed by then; the model cannot be closed twice.
  await expect(app.stop()).rejects.toThrow('already disposed')
})

it('leaves out a model that has become too slow for the deadline', async () => {
  const app = await startEmbedded()
  const decide = decideAt(app.address)
  const { scorer } = app.knowledge
  const { score } = scorer!
  Object.assign(scorer!, {
    score(views: Parameters<typeof score>[0]) {
      // Longer than a fifth of the default deadline. Nothing else runs meanwhile, as with any prediction.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60)
      return score(views)
    },
  })
  for (const id of ['1', '2', '3']) expect((await decide(id)).degraded).toEqual([])
  const without = await decide('4')
  expect(without.degraded).toEqual(['model'])
  expect(without.score).toBeNull()
  await app.stop()
})
