// Outputs as produce requests: cut to a size that brokers take, each record on the partition of its key.
import type { ICustomPartitioner, Message, TopicMessages } from 'kafkajs'
import type { OutputRecord } from './event-log.ts'
import { partitionOf } from './partition-key.ts'

/** Bytes of a request. A topic's max.message.bytes (default 1 MiB) holds for all records that one request has for a partition. */
const MAX_REQUEST_BYTES = 900_000
const RECORD_OVERHEAD_BYTES = 100

/** Puts a record where the Java client puts it, so that all writers of a topic agree. */
export const partitioner: ICustomPartitioner =
  () =>
  ({ message, partitionMetadata }) =>
    partitionOf(bytes(message.key), bytes(message.value), partitionMetadata.length)

/** The records cut into requests of bounded size, their order kept. */
export function* requests(records: readonly OutputRecord[]): Generator<TopicMessages[]> {
  let byTopic = new Map<string, Message[]>()
  let size = 0
  for (const record of records) {
    const recordSize = RECORD_OVERHEAD_BYTES + byteLength(record)
    if (size > 0 && size + recordSize > MAX_REQUEST_BYTES) {
      yield topicMessages(byTopic)
      byTopic = new Map()
      size = 0
    }
    const messages = byTopic.get(record.topic) ?? []
    if (messages.length === 0) byTopic.set(record.topic, messages)
    messages.push(message(record))
    size += recordSize
  }
  yield topicMessages(byTopic)
}

function topicMessages(byTopic: ReadonlyMap<string, Message[]>): TopicMessages[] {
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }))
}

function message(record: OutputRecord): Message {
  const result: Message = { key: record.key, value: record.value }
  if (record.headers !== undefined) result.headers = { ...record.headers }
  if (record.timestampMs !== undefined) result.timestamp = String(record.timestampMs)
  return result
}

function byteLength(record: OutputRecord): number {
  let length = Buffer.byteLength(record.key ?? '') + Buffer.byteLength(record.value ?? '')
  for (const [name, value] of Object.entries(record.headers ?? {})) {
    length += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  return length
}

function bytes(text: string | Buffer | null | undefined): Buffer | null {
  return typeof text === 'string' ? Buffer.from(text) : (text ?? null)
}
