import { describe, expect, it } from 'vitest'
import { AppError, ERRORS, type ErrorCode, type Missing } from '../../src/errors.ts'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { createRunner } from '../../src/runner.ts'

const batch = (isStale = false): PartitionBatch => ({
  topic: 'payments.events',
  partition: 0,
  records: [],
  lag: 0,
  arrivedAtMs: 0,
  note: '',
  isStale: () => isStale,
  publish: async () => {},
  commit: async () => {},
  commitNote: async () => {},
})

/** A runner over a pipeline that throws the given values, one a try, and then succeeds. */
function runnerOver(thrown: unknown[], policy: { may?: boolean; missing?: Missing[] } = {}) {
  const seen: string[] = []
  const queue = [...thrown]
  const runner = createRunner({
    pipeline: async (_batch, missing = new Set()) => {
      if (queue.length > 0) throw queue.shift()
      seen.push(['done', ...missing].join(' without '))
    },
    missing: () => policy.missing ?? [],
    mayGoWithout: () => policy.may ?? false,
    onDegrade: (error) => seen.push(`degrade ${error.code}`),
    onRetry: (error, _batch, attempt, pauseMs) => seen.push(`retry ${error.code} ${attempt} ${pauseMs}`),
    onAbandon: (error) => seen.push(`abandon ${error.code}`),
    onFatal: (error) => seen.push(`fatal ${error.code}`),
  })
  return { runner, seen }
}

describe('the runner', () => {
  it('tries a batch again, with growing pauses, until the infrastructure answers', async () => {
    const away = new AppError('STORE_UNAVAILABLE', 'connection refused')
    const { runner, seen } = runnerOver([away, away])
    await runner.run(batch())
    expect(seen).toEqual(['retry STORE_UNAVAILABLE 1 50', 'retry STORE_UNAVAILABLE 2 100', 'done'])
    expect(runner.isRetrying()).toBe(false)
  })

  it('lets the policy decide at once when one may', async () => {
    const thrown = [new AppError('STORE_UNAVAILABLE', 'away'), new AppError('MODEL_FAILED', 'NaN')]
    const { runner, seen } = runnerOver(thrown, { may: true })
    await runner.run(batch())
    expect(seen).toEqual([
      'degrade STORE_UNAVAILABLE',
      'degrade MODEL_FAILED',
      'done without journals without model',
    ])
  })

  it('says that time was short where it was', async () => {
    const { runner, seen } = runnerOver([new AppError('STORE_LATE', 'no answer')], { may: true })
    await runner.run(batch())
    expect(seen).toEqual(['degrade STORE_LATE', 'done without journals without deadline'])
  })

  it('does not ask again for what is known to be away, unless it has to wait for it', async () => {
    const policy = { may: true, missing: ['journals'] as Missing[] }
    const { runner, seen } = runnerOver([], policy)
    await runner.run(batch())
    policy.may = false
    await runner.run(batch())
    expect(seen).toEqual(['done without journals', 'done'])
  })

  it('tries again when the policy itself fails for the same reason', async () => {
    const away = new AppError('STORE_UNAVAILABLE', 'away')
    const { runner, seen } = runnerOver([away, away], { may: true })
    await runner.run(batch())
    expect(seen).toEqual([
      'degrade STORE_UNAVAILABLE',
      'retry STORE_UNAVAILABLE 2 100',
      'done without journals',
    ])
  })

  it('drops a batch whose partition was given away', async () => {
    const { runner, seen } = runnerOver([new AppError('PARTITION_LOST', 'payments.events/3')])
    await runner.run(batch())
    expect(seen).toEqual(['abandon PARTITION_LOST'])
  })

  it('does not try again when the partition was lost while waiting', async () => {
    const { runner, seen } = runnerOver([new AppError('LOG_UNAVAILABLE', 'broker gone')])
    await runner.run(batch(true))
    expect(seen).toEqual(['retry LOG_UNAVAILABLE 1 50'])
  })

  it('treats what nobody foresaw as fatal, never as something to try again', async () => {
    const { runner, seen } = runnerOver([new RangeError('boom')])
    await runner.run(batch())
    expect(seen).toEqual(['fatal UNEXPECTED'])
  })

  it('works on nothing more after a fatal error', async () => {
    const { runner, seen } = runnerOver([new RangeError('boom')])
    await runner.run(batch())
    await runner.run(batch())
    expect(seen).toEqual(['fatal UNEXPECTED'])
  })

  it('treats a rejection thrown for a whole batch as a defect', async () => {
    const { runner, seen } = runnerOver([new AppError('EVENT_INVALID', 'amount')])
    await runner.run(batch())
    expect(seen).toEqual(['fatal UNEXPECTED'])
  })

  it('ends a wait at once when it is stopped and leaves the batch uncommitted', async () => {
    const away = new AppError('STORE_UNAVAILABLE', 'connection refused')
    const { runner, seen } = runnerOver(Array.from({ length: 20 }, () => away))
    const run = runner.run(batch())
    runner.stop()
    await run
    expect(seen).toEqual(['retry STORE_UNAVAILABLE 1 50'])
  })

  it('has an outcome for every code of the table', async () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const { runner, seen } = runnerOver([new AppError(code, 'here')])
      await runner.run(batch())
      const expected = {
        degrade: 'done',
        retry: 'done',
        abandon: 'abandon',
        fatal: 'fatal',
        reject: 'fatal',
      }[ERRORS[code].disposition]
      expect(seen.at(-1)).toContain(expected)
    }
  })
})
