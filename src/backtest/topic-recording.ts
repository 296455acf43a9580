// Recorded traffic in Kafka: the topics of events and labels as they stood when the backtest began, in the order of arrival.
import { AppError } from '../errors.ts'
import type { EventLog, LogRecord } from '../log/event-log.ts'
import type { TopicNames } from '../log/topics.ts'
import type { RecordedLine, Recording } from './recording.ts'

export interface TopicRecordingOptions {
  readonly log: Pick<EventLog, 'history'>
  readonly topics: Pick<TopicNames, 'events' | 'labels'>
  /** What arrived before is left out, epoch milliseconds; everything that retention has left if -Infinity. */
  readonly sinceMs: number
}

/**
 * A label that arrived in the same millisecond as an event counts as later, so that no event sees it. Throws TOPIC_MISSING,
 * LOG_UNAVAILABLE, or RECORDING_INVALID when there is no event.
 */
export async function topicRecording({ log, topics, sinceMs }: TopicRecordingOptions): Promise<Recording> {
  const names = [topics.events, topics.labels]
  const history = await log.history({ topics: names, sinceMs })
  if (history.size([topics.events]) === 0) {
    const since = Number.isFinite(sinceMs) ? ` since ${new Date(sinceMs).toISOString()}` : ''
    throw new AppError(
      'RECORDING_INVALID',
      `${topics.events} holds no message${since}; see its retention, or name a file`,
    )
  }
  return {
    async *read(what, onProgress) {
      const chosen = what === 'labels' ? [topics.labels] : names
      const size = history.size(chosen)
      let line = 0
      for await (const records of history.read(chosen)) {
        yield records.map((record) => lineOf(record, ++line, topics))
        onProgress(line, size)
      }
      onProgress(size, size)
    },
  }
}

function lineOf(
  { topic, timestampMs, value }: LogRecord,
  line: number,
  topics: Pick<TopicNames, 'labels'>,
): RecordedLine {
  return { kind: topic === topics.labels ? 'label' : 'event', line, timestampMs, value }
}
