// `paysentry rebuild` without Kafka: journals from a recording, and what it says to a person.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runPaysentry } from '../support/processor.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'

const PSEUDONYM_KEY = '000102030405060708090a0b0c0d0e0f'
const KEY_PREFIX = 'rebuild:'

const event = (number: number) => ({
  id: `e${number}`,
  type: 'authorisation',
  time: `2026-03-01T12:0${number}:00Z`,
  amount: 1_000 * number,
  currency: 'EUR',
  payer: { account: 'acc-1' },
  instrument: { type: 'card', token: 'tok_1' },
})
const label = {
  id: 'l1',
  event: 'e1',
  label: 'fraud',
  time: '2026-03-01T12:09:00Z',
  source: 'analyst',
  payer: { account: 'acc-1' },
  instrument: { type: 'card', token: 'tok_1' },
}

describe('paysentry rebuild', () => {
  const dir = mkdtempSync(join(tmpdir(), 'paysentry-rebuild-'))
  const file = join(dir, 'archive.jsonl')
  let redis: TestRedis
  let env: Record<string, string>
  beforeAll(async () => {
    redis = await startRedis()
    env = {
      PAYSENTRY_REDIS_URL: redis.url,
      PAYSENTRY_REDIS_KEY_PREFIX: KEY_PREFIX,
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: PSEUDONYM_KEY,
    }
    // One of them twice, and a line that is no event.
    const lines = [event(1), event(2), event(3), event(2), label, { ...event(4), currency: 'EURO' }]
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  })
  afterAll(async () => {
    await redis.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('makes the journals from a recording', async () => {
    const { code, stdout, stderr } = await runPaysentry(['rebuild', '--from', file], env)
    expect(stderr).toContain('Filling the new edition')
    expect(stdout).toMatch(/^Edition 2 of the journals is in force\n {2}journaled {3}4 events and 1 label in/)
    expect(stdout).toContain('passed over 1 bad message')
    expect(code).toBe(0)
    const shown = await runPaysentry(
      ['inspect', 'card', 'tok_1', '--json', '--windows', '1h', '--at', '2026-03-01T12:03:00Z'],
      env,
    )
    expect(JSON.parse(shown.stdout)).toMatchObject({
      key: expect.stringMatching(/^rebuild:2:\{\d+\}:card:/),
      windows: expect.arrayContaining([
        expect.objectContaining({ lengthMs: 3_600_000, kind: 'payment', count: 3, sum: 60 }),
      ]),
    })
  })

  it('only tells with --dry-run', async () => {
    const { stdout } = await runPaysentry(['rebuild', '--from', file, '--dry-run'], env)
    expect(stdout).toBe(
      `Journals in force   edition 2\nWould be read       the lines of ${file}, then 0 records of the topics\nNothing was changed\n`,
    )
  })

  it('takes a loss for what it is when told so', async () => {
    const client = new Redis(redis.url)
    await client.set(`${KEY_PREFIX}edition`, '2 lost')
    client.disconnect()
    const told = await runPaysentry(['rebuild', '--from', file, '--dry-run'], env)
    expect(told.stdout).toContain('Redis lost them')
    const { code, stdout } = await runPaysentry(['rebuild', '--accept-empty'], env)
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Journals in force   edition 2\n' })
  })

  it('says what is missing', async () => {
    const none = await runPaysentry(['rebuild'], env)
    expect({ code: none.code, stderr: none.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('name the brokers, or a recording with --from'),
    })
    const client = new Redis(redis.url)
    await client.set(`${KEY_PREFIX}edition`, '2 filling 3')
    client.disconnect()
    const busy = await runPaysentry(['rebuild', '--from', file], env)
    expect({ code: busy.code, stderr: busy.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('--take-over'),
    })
    const taken = await runPaysentry(['rebuild', '--from', file, '--take-over', '--delete-old'], env)
    expect(taken.stdout).toMatch(/Edition 4 of the journals is in force[\s\S]*Deleted 2 journals/)
  })
})
