// What the process's exit code says. Documented in README; a supervisor restarts on 1 and not on 2.
import { AppError, type ErrorCode } from '../errors.ts'

export const EXIT = {
  ok: 0,
  /** Something failed while running: restarting may help. */
  failed: 1,
  /** Wrong arguments, configuration, rules, model, rates or recording: restarting does not help. */
  unusable: 2,
  /** Stopped by a second signal or at the deadline: batches in hand come again to the next owner. */
  forced: 3,
} as const

const UNUSABLE: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'RULES_INVALID',
  'BUNDLE_REFUSED',
  'MODEL_INVALID',
  'RATES_INVALID',
  'RECORDING_INVALID',
  'STORE_INCOMPATIBLE',
  'TOPIC_MISSING',
])

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AppError)) return EXIT.failed
  if (error.code === 'STOP_FORCED') return EXIT.forced
  return UNUSABLE.has(error.code) ? EXIT.unusable : EXIT.failed
}
