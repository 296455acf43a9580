// Topics of the in-process log: partitions as lists of records with a first offset, as a broker keeps them.
import type { Headers, LogRecord, OutputRecord } from './event-log.ts'
import { partitionOf } from './partition-key.ts'

/** Consumed records are cut off the list in lots of this many, so that one record costs no move of the whole list. */
const CUT_AT_LEAST = 1_024

export interface Partition {
  readonly topic: string
  readonly partition: number
  /** Offset of the oldest record that can still be read. */
  start(): number
  /** Offset that the next record will get. */
  end(): number
  /** At most `max` records from `offset` on; from the oldest one if that is gone. */
  read(offset: number, max: number): LogRecord[]
  dropBefore(offset: number): void
}

export interface Topic {
  readonly partitions: readonly Partition[]
  append(record: OutputRecord, nowMs: number): LogRecord
}

export function createTopic(name: string, partitionCount: number): Topic {
  const stores = Array.from({ length: partitionCount }, (_, partition) => createPartition(name, partition))
  return {
    partitions: stores,
    append(record, nowMs) {
      const key = bytes(record.key)
      const value = bytes(record.value)
      const partition = partitionOf(key, value, partitionCount)
      const store = stores[partition]
      if (store === undefined) throw new RangeError(`${name} has no partition ${partition}`)
      const appended: LogRecord = {
        topic: name,
        partition,
        offset: String(store.end()),
        timestampMs: record.timestampMs ?? nowMs,
        key,
        value,
        headers: record.headers === undefined ? NO_HEADERS : byteHeaders(record.headers),
      }
      store.push(appended)
      return appended
    },
  }
}

function createPartition(topic: string, partition: number): Partition & { push(record: LogRecord): void } {
  const records: LogRecord[] = []
  let listStart = 0
  let start = 0
  const end = () => listStart + records.length
  return {
    topic,
    partition,
    start: () => start,
    end,
    push: (record) => void records.push(record),
    read(offset, max) {
      const index = Math.max(offset, start) - listStart
      return records.slice(index, index + max)
    },
    dropBefore(offset) {
      start = Math.max(start, Math.min(offset, end()))
      const gone = start - listStart
      if (gone < CUT_AT_LEAST && gone < records.length) return
      records.splice(0, gone)
      listStart = start
    },
  }
}

function bytes(text: string | Buffer | null): Buffer | null {
  return typeof text === 'string' ? Buffer.from(text) : text
}

const NO_HEADERS: Headers = Object.freeze({})

function byteHeaders(headers: Headers): Headers {
  const result: Record<string, Buffer> = {}
  for (const [name, value] of Object.entries(headers)) {
    result[name] = typeof value === 'string' ? Buffer.from(value) : value
  }
  return result
}
