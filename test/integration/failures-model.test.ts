// A model that fails while payments are decided: rules alone decide, and every decision says so.
import { expect, it } from 'vitest'
import type { Decision } from '../../src/decision/decision.ts'
import { startEmbedded } from '../support/embedded.ts'
import { paymentEvent } from '../support/events.ts'

it('leaves out a model that throws, and goes on with rules alone', async () => {
  const app = await startEmbedded()
  const decide = async (id: string): Promise<Decision> => {
    const body = JSON.stringify(paymentEvent({ id, time: new Date().toISOString() }))
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${app.address}/v1/events`, { method: 'POST', headers, body })
    return (await response.json()) as Decision
  }
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
