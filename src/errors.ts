// Every error that paysentry knows, in one table: what it means and what is done about it.
// The message of a code is a sentence for a person; the details of one occurrence come with `AppError`.

/**
 * What happens after an error:
 * `reject` the message becomes a dead letter and the rest of the batch goes on ·
 * `degrade` something is missing, and the policy of degrade.* decides without it; where that says `wait`, as `retry` ·
 * `retry` nothing was published and no offset moved, so the batch is done again after a pause ·
 * `abandon` the partition belongs to another processor now, so the batch is dropped ·
 * `fatal` the process exits non-zero and its supervisor restarts it.
 */
export type Disposition = 'reject' | 'degrade' | 'retry' | 'abandon' | 'fatal'

const table = {
  MESSAGE_EMPTY: { disposition: 'reject', message: 'The message has no value' },
  MESSAGE_TOO_LARGE: { disposition: 'reject', message: 'The message is larger than limits.maxMessageBytes' },
  MESSAGE_NOT_JSON: { disposition: 'reject', message: 'The message is not a JSON object in UTF-8' },
  EVENT_INVALID: { disposition: 'reject', message: 'A field of the message is missing or wrong' },
  EVENT_TIME_IMPOSSIBLE: {
    disposition: 'reject',
    message: 'The event time does not exist or lies before 2000',
  },
  EVENT_FROM_FUTURE: {
    disposition: 'reject',
    message: 'The event time is more than velocity.maxFutureSkewMs ahead of the broker timestamp',
  },
  CURRENCY_UNKNOWN: { disposition: 'reject', message: 'The currency is no active ISO 4217 code' },
  RATE_MISSING: { disposition: 'reject', message: 'The rate file has no rate for the currency' },
  CARD_NUMBER_IN_CLEAR: { disposition: 'reject', message: 'A field holds a full card number' },
  MESSAGE_KILLS_PROCESS: {
    disposition: 'reject',
    message: 'The process ended each time it worked on the message',
  },
  STORE_UNAVAILABLE: { disposition: 'degrade', message: 'Redis does not answer' },
  STORE_LATE: { disposition: 'degrade', message: 'Redis did not answer in time for the decision' },
  MODEL_FAILED: { disposition: 'degrade', message: 'The model could not score' },
  MODEL_SLOW: { disposition: 'degrade', message: 'The model is too slow for the deadline' },
  LOG_UNAVAILABLE: { disposition: 'retry', message: 'Kafka does not answer' },
  PARTITION_LOST: { disposition: 'abandon', message: 'The partition was given to another processor' },
  CONFIG_INVALID: { disposition: 'fatal', message: 'The configuration is not usable' },
  RULES_INVALID: { disposition: 'fatal', message: 'The rule files are not usable' },
  BUNDLE_REFUSED: { disposition: 'fatal', message: 'A published rule set is not usable' },
  MODEL_INVALID: { disposition: 'fatal', message: 'The model is not usable' },
  RATES_INVALID: { disposition: 'fatal', message: 'The rate file is not usable' },
  RECORDING_INVALID: { disposition: 'fatal', message: 'The recorded traffic is not usable' },
  STORE_INCOMPATIBLE: { disposition: 'fatal', message: 'Redis cannot run the velocity function library' },
  REBUILD_ENDED: { disposition: 'fatal', message: 'The rebuild of the journals cannot go on' },
  TOPIC_MISSING: { disposition: 'fatal', message: 'A topic does not exist' },
  CONSUMER_STOPPED: { disposition: 'fatal', message: 'The Kafka consumer stopped for good' },
  STOP_FORCED: { disposition: 'fatal', message: 'The processor ended before its work was finished' },
  UNEXPECTED: { disposition: 'fatal', message: 'A defect in paysentry' },
} as const satisfies Record<string, { disposition: Disposition; message: string }>

export type ErrorCode = keyof typeof table
export type RejectCode = {
  [C in ErrorCode]: (typeof table)[C]['disposition'] extends 'reject' ? C : never
}[ErrorCode]

/** The table, for documentation and tests. */
export const ERRORS: Readonly<Record<ErrorCode, { disposition: Disposition; message: string }>> = table

/** What a decision can do without, and what it says of it; `deadline`: it was given up for lack of time. */
export const MISSING = ['journals', 'model', 'deadline'] as const
export type Missing = (typeof MISSING)[number]

/** What is missing after an error with the disposition `degrade`. */
export function missingAfter(code: ErrorCode): readonly Missing[] {
  if (code === 'MODEL_FAILED' || code === 'MODEL_SLOW') return ['model']
  return code === 'STORE_LATE' ? ['journals', 'deadline'] : ['journals']
}

/** An error with a code of the table. `detail` says what happened here, `problems` lists all that was found wrong. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly problems: readonly string[]

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; problems?: readonly string[] } = {},
  ) {
    const problems = options.problems ?? []
    // A problem may be a message with problems of its own; its lines stay together under it.
    const list = problems.map((problem) => `\n  - ${problem.replaceAll('\n', '\n    ')}`).join('')
    super(
      `${ERRORS[code].message}: ${detail}${list}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    )
    this.name = 'AppError'
    this.code = code
    this.problems = problems
  }

  get disposition(): Disposition {
    return ERRORS[this.code].disposition
  }
}

/** Any thrown value as an `AppError`. What nobody foresaw is a defect: fatal, never retried. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError('UNEXPECTED', detail, { cause: thrown })
}
