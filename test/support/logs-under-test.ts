// The adapters of the event log, each with a way to make logs and topics for a test.
import { randomBytes } from 'node:crypto'
import type { EventLog, OutputRecord } from '../../src/log/event-log.ts'
import { createInProcessLog } from '../../src/log/in-process-log.ts'
import { kafkaUnderTest } from './kafka/kafka-under-test.ts'

export interface LogUnderTest {
  openLog(): EventLog
  /** A topic with three partitions. */
  createTopic(): Promise<string>
}

export const logsUnderTest: Readonly<Record<string, () => LogUnderTest>> = {
  kafkajs: () => kafkaUnderTest(),
  'exactly-once kafkajs': () => kafkaUnderTest('exactly-once'),
  'in-process': () => ({
    openLog: () => createInProcessLog({ partitions: 3, now: Date.now }),
    createTopic: async () => `topic-${randomBytes(6).toString('hex')}`,
  }),
}

/** `count` records with the values 0, 1, 2 … under `keys` keys in turn. */
export const numbered = (topic: string, count: number, keys = 20): OutputRecord[] =>
  Array.from({ length: count }, (_, i) => ({ topic, key: `key-${i % keys}`, value: String(i) }))
