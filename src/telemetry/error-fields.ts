// An error as fields of a log line: what it is, where it happened and what caused it.
import { AppError } from '../errors.ts'

/** Causes that are followed; more are a circle or noise. */
const MAX_CAUSES = 8

export interface ErrorFields {
  readonly type: string
  readonly message: string
  /** Of the error table, or a system code such as ECONNREFUSED. */
  readonly code?: string
  readonly stage?: string
  readonly problems?: readonly string[]
  readonly stack?: string
  readonly cause?: ErrorFields
}

/**
 * Any thrown value as plain fields. The stack is that of the outermost error alone, and only where nobody foresaw it: whoever is
 * woken by "Redis does not answer" has no use for it, and the causes carry their messages.
 */
export function serializeError(thrown: unknown): ErrorFields {
  const foreseen = thrown instanceof AppError && thrown.code !== 'UNEXPECTED'
  const stack = thrown instanceof Error && !foreseen ? thrown.stack : undefined
  return { ...describe(thrown, MAX_CAUSES), ...(stack === undefined ? {} : { stack }) }
}

function describe(thrown: unknown, causesLeft: number): ErrorFields {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: String(thrown) }
  const code = textProperty(thrown, 'code')
  const stage = textProperty(thrown, 'stage')
  const problems = thrown instanceof AppError && thrown.problems.length > 0 ? thrown.problems : undefined
  const followed = thrown.cause !== undefined && thrown.cause !== null && causesLeft > 0
  return {
    type: thrown.name,
    message: thrown.message,
    ...(code === undefined ? {} : { code }),
    ...(stage === undefined ? {} : { stage }),
    ...(problems === undefined ? {} : { problems }),
    ...(followed ? { cause: describe(thrown.cause, causesLeft - 1) } : {}),
  }
}

function textProperty(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}
