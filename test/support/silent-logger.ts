// A logger for tests that do not look at what is logged.
import { createLogger, type Logger } from '../../src/telemetry/logger.ts'

export function silentLogger(): Logger {
  return createLogger({
    level: 'silent',
    format: 'json',
    secrets: [],
    maskCardNumbers: (text) => text,
    destination: { write: () => undefined },
  })
}
