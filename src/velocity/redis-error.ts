// What an error of ioredis means for the store: Redis is away (try again), or it cannot be used (stop).
import { AppError } from '../errors.ts'

/**
 * Error codes of Redis (the first word of an error reply) that do not go away by trying again: wrong data under a key, missing
 * rights, a cluster instead of one server. ERR is everything that has no code of its own, such as an unknown command.
 */
const LASTING = new Set([
  'WRONGTYPE',
  'JOURNAL',
  'NOPERM',
  'NOAUTH',
  'WRONGPASS',
  'CROSSSLOT',
  'MOVED',
  'ERR',
])

/** The first word of an error reply; null when the error is no reply, such as a timeout or a lost connection. */
export function replyCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || thrown.name !== 'ReplyError') return null
  return /^[A-Z]+/.exec(thrown.message)?.[0] ?? 'ERR'
}

/** The AppError for something that was thrown while talking to Redis at `address`. */
export function storeError(thrown: unknown, address: string): AppError {
  if (thrown instanceof AppError) return thrown
  const code = replyCode(thrown)
  const detail = `${address}: ${explain(thrown)}`
  const isLasting = code !== null && LASTING.has(code)
  return new AppError(isLasting ? 'STORE_INCOMPATIBLE' : 'STORE_UNAVAILABLE', detail, { cause: bare(thrown) })
}

/** ioredis names a setting of its own where a connection broke, which no reader of a log can change. */
function explain(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  if (thrown.name === 'MaxRetriesPerRequestError')
    return 'the connection was lost while the call was under way'
  return thrown.message
}

/** ioredis hangs the command with all its arguments on an error; nobody wants a batch in a log line. */
function bare(thrown: unknown): unknown {
  if (thrown instanceof Error) Reflect.deleteProperty(thrown, 'command')
  return thrown
}
