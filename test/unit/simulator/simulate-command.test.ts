import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeProgress, simulateCommand, startOf } from '../../../src/cli/simulate.ts'
import { labelSchema, paymentEventSchema } from '../../../src/payment/event.ts'
import { DAY_MS } from './records.ts'
import { commandTest } from '../../support/command-test.ts'

const at = commandTest('simulate', ['stderr'])

async function simulate(...args: string[]): Promise<void> {
  await simulateCommand()
    .exitOverride()
    .parseAsync(['node', 'paysentry', ...args])
}

describe('paysentry simulate', () => {
  it('writes a file of JSON Lines that holds so many events, the same every time', async () => {
    const files = [join(at.folder, 'a.jsonl'), join(at.folder, 'b.jsonl')] as const
    for (const file of files) await simulate('--to', file, '--events', '2500', '--fraud-share', '0.05')
    const text = readFileSync(files[0], 'utf8')
    expect(readFileSync(files[1], 'utf8')).toBe(text)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const events = lines.filter(({ topic }) => topic === 'payments.events')
    expect(events.length).toBe(2_500)
    for (const { topic, value } of lines) {
      const schema = topic === 'payments.events' ? paymentEventSchema : labelSchema
      expect(schema.safeParse(value).success).toBe(true)
    }
    expect(events[0].value.time).toMatch(/^2026-01-01T00:0/)
    expect(at.said).toMatch(/^done: 2500 events, \d+ labels in /)
  })

  it('starts where it is told, runs one campaign alone and adds bad messages', async () => {
    const file = join(at.folder, 'c.jsonl')
    const args = [
      '--start',
      '2027-05-03T10:00:00+02:00',
      '--campaign',
      'low-and-slow',
      '--poison-every',
      '100',
    ]
    await simulate('--to', file, '--events', '1000', '--customers', '100', ...args)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(JSON.parse(lines[0]!).value.time).toMatch(/^2027-05-03T08:/)
    expect(JSON.parse(lines[99]!).value).toBeNull()
    expect(typeof JSON.parse(lines[199]!).value).toBe('string')
    expect(at.said).toContain('10 bad messages')
  })

  it.each([
    ['--events', '0', 'whole number from 1'],
    ['--rate', '1.5', 'whole number from 1'],
    ['--customers', '9', 'whole number from 10'],
    ['--fraud-share', '0.7', 'from 0 to 0.5'],
    ['--start', 'yesterday', 'RFC 3339'],
    ['--poison-every', '1', 'whole number from 2'],
    ['--campaign', 'phishing', 'card-testing, stolen-card'],
  ])('refuses %s %s and says what it takes', async (option, value, message) => {
    await expect(simulate('--to', join(at.folder, 'd'), option, value)).rejects.toThrow(message)
  })

  it('says when the file cannot be written', async () => {
    await expect(simulate('--to', join(at.folder, 'no', 'such'))).rejects.toThrow('cannot be written')
  })
})

describe('startOf', () => {
  const nowMs = Date.UTC(2026, 5, 1)
  it('lets a file repeat, Kafka end about now, and an explicit start win', () => {
    expect(startOf({ to: 'stdout', customers: 20_000 }, nowMs)).toBe(Date.UTC(2026, 0, 1))
    expect(startOf({ to: 'kafka', customers: 20_000, events: 100 }, nowMs)).toBe(nowMs - DAY_MS)
    expect(startOf({ to: 'kafka', customers: 20_000, events: 500_000 }, nowMs)).toBe(nowMs - 13 * DAY_MS)
    expect(startOf({ to: 'kafka', customers: 20_000 }, nowMs)).toBe(nowMs - 30 * DAY_MS)
    expect(startOf({ to: 'kafka', customers: 20_000, start: 'now' }, nowMs)).toBe(nowMs)
    expect(startOf({ to: 'file', customers: 20_000, start: 5 }, nowMs)).toBe(5)
  })
})

describe('describeProgress', () => {
  it('says what was sent, how fast, and where simulated time stands', () => {
    const progress = { events: 900, labels: 90, bad: 10, simulatedMs: Date.UTC(2026, 0, 1, 9, 5) }
    expect(describeProgress(progress, 2_000)).toBe(
      '900 events, 90 labels, 10 bad messages in 2.0 s (500/s), simulated time 2026-01-01 09:05:00',
    )
    expect(describeProgress({ events: 0, labels: 0, bad: 0, simulatedMs: Number.NaN }, 0)).toBe(
      '0 events, 0 labels in 0.0 s (0/s)',
    )
  })
})
