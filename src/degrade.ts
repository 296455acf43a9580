// What decides when something is missing: the policies of degrade.*, and whether the journals are away.
//
// The default without journals is `review`, and a challenge from 500 of the base currency on. A blocked honest customer is a failure
// that nobody asked for when Redis stops; a challenge lets the customer through who can prove who it is, and keeps large sums in.
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Batch, BatchEvent } from './batch.ts'
import type { Config } from './config.ts'
import { AppError, type Missing } from './errors.ts'
import type { LogRecord } from './log/event-log.ts'
import { isScored } from './model/features.ts'
import { pause } from './pause.ts'
import type { Action, FiredRule } from './rules/rule-set.ts'
import type { Stage } from './stage.ts'

/** Part of the deadline by whose end the journals must have answered: model, rules and publishing come after. */
const JOURNALS_SHARE = 0.6
/** Part of it that they get at least, where events have waited already: ten times what Redis usually takes. */
const LEAST_SHARE = 0.2

/** Marks what was missing on every event that would have used it. */
export function markMissing(batch: Batch, missing: Missing): Batch {
  for (const event of batch.events) {
    if (missing !== 'model' || isScored(event)) event.degraded.push(missing)
  }
  return batch
}

/** Adds what the policy says to every payment of a batch that was decided without journals, as a rule that fired. */
export function createJournalsPolicy(policy: Config['degrade']): (batch: Batch) => Batch {
  return (batch) => {
    for (const event of batch.events) {
      if (isScored(event)) event.fired = [...event.fired, policyRule(actionWithoutJournals(event, policy))]
    }
    return batch
  }
}

/** The action for a payment without journals. An amount that cannot be told in the base currency counts as large. */
export function actionWithoutJournals(
  { amount }: Pick<BatchEvent, 'amount'>,
  { journals, journalsChallengeFrom, journalsBlockFrom }: Config['degrade'],
): Action {
  const reaches = (from: number): boolean => from > 0 && !(amount < from)
  if (journals === 'block' || reaches(journalsBlockFrom)) return 'block'
  if (reaches(journalsChallengeFrom)) return 'challenge'
  return journals === 'wait' ? 'review' : journals
}

function policyRule(action: Action): FiredRule {
  return {
    id: 'policy:journals',
    action,
    reason: 'JOURNALS_UNAVAILABLE',
    text: 'Decided by policy, because the journals could not be read',
    customer: 'We could not check this payment in full.',
    weight: null,
    override: null,
    mode: 'live',
    acts: true,
  }
}

export interface DeadlineOptions {
  readonly deadlineMs: number
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Milliseconds of the deadline that the journals may take of a batch that has not waited. */
export function journalsShareMs(deadlineMs: number): number {
  return Math.round(deadlineMs * JOURNALS_SHARE)
}

/**
 * How long the journals may take for a batch, milliseconds: until the end of their share for its oldest event. Where that is over before
 * they are asked there is a backlog, and the journals get the whole deadline: haste would decide the events without windows
 * and then journal them a second time, and so make the backlog longer.
 */
export function journalsLimitMs(records: readonly LogRecord[], { deadlineMs, now }: DeadlineOptions): number {
  const nowMs = now()
  let waitedMs = 0
  for (const { timestampMs } of records) waitedMs = Math.max(waitedMs, nowMs - timestampMs)
  const leftMs = deadlineMs * JOURNALS_SHARE - waitedMs
  return leftMs <= 0 ? deadlineMs : Math.round(Math.max(deadlineMs * LEAST_SHARE, leftMs))
}

/** The velocity stage, given up with STORE_LATE when `journalsLimitMs` is over. */
export function withinDeadline(velocity: Stage<Batch, Batch>, options: DeadlineOptions): Stage<Batch, Batch> {
  return async (batch) => {
    const limitMs = journalsLimitMs(batch.source.records, options)
    const late = new AbortController()
    const timeout = async (): Promise<never> => {
      await delay(limitMs, undefined, { signal: late.signal })
      // Timers come before sockets: a process that was held up must read what has arrived meanwhile before it calls that late.
      await nextTurn()
      throw new AppError('STORE_LATE', `no answer within ${limitMs} ms, the journals' share of deadline.ms`)
    }
    const work = Promise.resolve(velocity(batch))
    const limit = timeout()
    // Whichever comes second is not waited for. What a late answer still writes goes to events that nobody decides on: the
    // next try decodes anew.
    work.catch(() => undefined)
    limit.catch(() => undefined)
    try {
      return await Promise.race([work, limit])
    } finally {
      late.abort()
    }
  }
}

/** The score stage, whose failure is MODEL_FAILED. */
export function scoreOrFail(score: Stage<Batch, Batch>): Stage<Batch, Batch> {
  return async (batch) => {
    try {
      return await score(batch)
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      throw new AppError('MODEL_FAILED', detail, { cause: error })
    }
  }
}

export interface Availability {
  isAway(): boolean
  /** Says that a call failed: it is away until `ping` succeeds. */
  failed(error: AppError): void
  /** Says that a call took too long: it is away if `ping` does not succeed now. */
  suspected(error: AppError): void
  /** Resolves when it is there. */
  back(): Promise<void>
  close(): void
}

export interface AvailabilityOptions {
  readonly ping: () => Promise<void>
  /** Pause between two looks, milliseconds. */
  readonly everyMs: number
  /** A ping that takes longer has failed, milliseconds: who answers that late is of no use. */
  readonly withinMs: number
  /** Told what it is that has failed when it goes away. */
  readonly onAway: (error: AppError) => void
}

/** Knows whether something is away, and looks again and again whether it is back: not each batch has to find that out by itself. */
export function createAvailability(options: AvailabilityOptions): Availability {
  const { ping, everyMs, withinMs, onAway } = options
  const closing = new AbortController()
  const state: { away: Promise<void> | null; isSuspected: boolean } = { away: null, isSuspected: false }
  const answers = (): Promise<boolean> =>
    Promise.race([
      ping().then(
        () => true,
        () => false,
      ),
      delay(withinMs, false, { ref: false }),
    ])
  const untilItAnswers = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if (await answers()) break
      await pause(everyMs, closing.signal)
    }
    state.away = null
  }
  const failed = (error: AppError): void => {
    if (state.away !== null) return
    state.away = untilItAnswers()
    onAway(error)
  }
  const look = async (error: AppError): Promise<void> => {
    state.isSuspected = true
    const isThere = await answers()
    state.isSuspected = false
    if (!isThere && !closing.signal.aborted) failed(error)
  }
  return {
    isAway: () => state.away !== null,
    failed,
    suspected(error) {
      if (state.away === null && !state.isSuspected) void look(error)
    },
    async back() {
      await state.away
    },
    close: () => closing.abort(),
  }
}
