// Publishes as a payment service does: again and again until Kafka has taken it. A record may then stand in the topic twice.
import { setTimeout as delay } from 'node:timers/promises'
import { toAppError } from '../../src/errors.ts'
import type { EventLog, OutputRecord } from '../../src/log/event-log.ts'

const PAUSE_MS = 100

/** How often it had to be tried again. */
export async function publishAll(log: EventLog, records: readonly OutputRecord[]): Promise<number> {
  for (let retries = 0; ; retries++) {
    try {
      await log.produce(records)
      return retries
    } catch (thrown) {
      if (toAppError(thrown).code !== 'LOG_UNAVAILABLE') throw thrown
    }
    await delay(PAUSE_MS)
  }
}
