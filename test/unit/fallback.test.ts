import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { configSchema } from '../../src/config.ts'
import { AppError } from '../../src/errors.ts'
import { createFallback } from '../../src/fallback.ts'
import { recordAt, sourceOf } from '../support/batches.ts'
import { SILENT } from '../support/kafka/kafka-under-test.ts'

const config = {
  deadline: configSchema.shape.deadline.parse({}),
  degrade: configSchema.shape.degrade.parse({}),
}
const batch = sourceOf([recordAt(0)])

/** A fallback whose journals answer as `ping` does, and the lines that it wrote. */
function fallbackOver(ping: () => Promise<void>) {
  const lines: string[] = []
  const say = (_fields: object, message: string): void => void lines.push(message)
  const fallback = createFallback({
    config,
    log: { kind: 'kafka', readSpan: async () => undefined },
    ping,
    journal: async () => undefined,
    now: Date.now,
    clock: () => performance.now(),
    sink: { ...SILENT, warn: say, error: say },
    onFatal: () => undefined,
    areLost: () => false,
  })
  onTestFinished(() => fallback.close())
  return { fallback, lines }
}

it('decides one batch without the journals that were too slow for it, and asks them for the next', async () => {
  const { fallback, lines } = fallbackOver(async () => undefined)
  fallback.degraded(new AppError('STORE_LATE', 'no answer within 50 ms'), batch)
  expect(fallback.missing()).toEqual([])
  await nextTurn()
  expect(fallback.missing()).toEqual([])
  expect(lines).toEqual(['The journals were too slow; degrade.journals decided'])
})

it('asks journals that were too slow and answer nothing else either no more', async () => {
  const { fallback, lines } = fallbackOver(() => Promise.reject(new AppError('STORE_UNAVAILABLE', 'gone')))
  fallback.degraded(new AppError('STORE_LATE', 'no answer within 50 ms'), batch)
  await nextTurn()
  expect(fallback.missing()).toEqual(['journals'])
  expect(lines.at(-1)).toBe('The journals are away; degrade.journals decides')
})

it('asks journals that cannot be reached no more until they answer', async () => {
  const answer = Promise.withResolvers<void>()
  const { fallback } = fallbackOver(() => answer.promise)
  fallback.degraded(new AppError('STORE_UNAVAILABLE', 'gone'), batch)
  expect(fallback.missing()).toEqual(['journals'])
  answer.resolve()
  await nextTurn()
  expect(fallback.missing()).toEqual([])
})
