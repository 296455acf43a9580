// How often consumers of kafkajs crashed and were run again, by what the log says.
import type { LogSink } from '../../../src/log/kafka-client.ts'
import { SILENT } from './kafka-under-test.ts'

export interface CrashCount {
  readonly sink: LogSink
  crashes(): number
}

export function crashCount(): CrashCount {
  let crashes = 0
  return {
    sink: {
      ...SILENT,
      info(_fields, message) {
        if (message.endsWith('is run again')) crashes++
      },
    },
    crashes: () => crashes,
  }
}
