// `breaker:` of a rule: how much of the traffic this rule may challenge or block, where that is not what `breaker.*` of the
// configuration says.
import { z } from 'zod'
import { parseDuration } from './duration.ts'

/** Each is that of the configuration where it is absent. */
export interface RuleBreaker {
  /** 0 to 1. */
  readonly share?: number
  readonly windowMs?: number
  readonly leastEvents?: number
}

const HOUR_MS = 3_600_000

const share = z.string('must be a percentage, such as 2%').transform((text, context) => {
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(text.trim())?.[1]
  if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100) return Number(percent) / 100
  context.addIssue(`must be a percentage above 0 % to 100 %, such as 2%, and is "${text}"`)
  return z.NEVER
})
const over = z.string('must be a length of time, such as 10m').transform((text, context) => {
  const lengthMs = parseDuration(text)
  if (lengthMs !== null && lengthMs >= 1_000 && lengthMs <= HOUR_MS) return lengthMs
  context.addIssue(`must be a length of time from 1s to 1h, such as 10m, and is "${text}"`)
  return z.NEVER
})

export const ruleBreakerSchema = z
  .strictObject(
    {
      share: share.optional(),
      over: over.optional(),
      least: z.int('must be a whole number of events').min(1, 'must be at least 1').optional(),
    },
    'must say share, over or least',
  )
  .transform(
    (given): RuleBreaker => ({
      ...(given.share === undefined ? {} : { share: given.share }),
      ...(given.over === undefined ? {} : { windowMs: given.over }),
      ...(given.least === undefined ? {} : { leastEvents: given.least }),
    }),
  )
