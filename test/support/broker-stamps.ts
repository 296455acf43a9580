// When the broker took each message of a topic, and how long after that its decision was made.
import type { EventLog, LogRecord } from '../../src/log/event-log.ts'
import { HEADERS } from '../../src/log/topics.ts'

/** Broker timestamps by `<topic>/<partition>/<offset>`, epoch milliseconds. */
export async function brokerStamps(log: EventLog, topic: string): Promise<ReadonlyMap<string, number>> {
  const stamps = new Map<string, number>()
  const follower = await log.follow({
    topic,
    onRecords(records) {
      for (const { partition, offset, timestampMs } of records) {
        stamps.set(`${topic}/${partition}/${offset}`, timestampMs)
      }
    },
  })
  await follower.stop()
  return stamps
}

/** Milliseconds from the broker timestamp of the event to its decision. */
export function decidedAfterMs({ headers }: LogRecord, stamps: ReadonlyMap<string, number>): number {
  const stampMs = stamps.get(String(headers[HEADERS.source]))
  if (stampMs === undefined) throw new Error(`no message stands at ${String(headers[HEADERS.source])}`)
  return Number(headers[HEADERS.decidedAt]) - stampMs
}
