// What a newcomer sees: `npm start`, without Kafka and Redis.
import { describe, expect, it } from 'vitest'
import { runPaysentry, startDemo } from '../support/processor.ts'

const EVENT = {
  id: 'try-1',
  type: 'authorisation',
  amount: 1999,
  currency: 'EUR',
  payer: { account: 'acc-1' },
  instrument: { type: 'card', token: 'tok-1' },
}

describe('paysentry start', () => {
  it('shows decisions that are not allow with their reasons, then how many there were of each', async () => {
    const { code, stdout } = await runPaysentry(
      ['start', '--port', '0', '--history', '3000', '--events', '3000', '--rate', '3000'],
      {},
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^(BLOCK|CHALLENGE|REVIEW) +\d\d:\d\d:\d\d \w+ .* [A-Z_]{5,}/m)
    expect(stdout).toMatch(/events\/s \| allow \d+ · review \d+ · challenge \d+ · block \d+ \| p50 .* p99 .*/)
    expect(stdout).toMatch(/flagged: fraud \d+\/\d+ · genuine \d+\/\d{4}/)
  })

  it('decides what is posted, and ends with 0 at Ctrl-C', async () => {
    const demo = await startDemo(['--no-simulate'])
    const response = await fetch(`${demo.address}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...EVENT, time: new Date().toISOString() }),
    })
    expect(response.status).toBe(200)
    // Which action is the model's affair: to empty journals everything is new.
    expect(await response.json()).toMatchObject({ event: 'try-1', degraded: [] })
    expect((await fetch(`${demo.address}/readyz`)).status).toBe(200)
    expect(await demo.stop('SIGINT')).toBe(0)
    expect(demo.output()).toContain('Stopped')
  })

  it('explains every option and setting', async () => {
    const { code, stdout } = await runPaysentry(['start', '--help'], {})
    expect(code).toBe(0)
    for (const name of ['--no-simulate', '--rate', '--seed', 'PAYSENTRY_KAFKA_BROKERS', 'POST /v1/events']) {
      expect(stdout).toContain(name)
    }
  })
})
