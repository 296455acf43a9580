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
      const [key, value, headers] = ownBytes(record)
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
        headers,
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

const NO_HEADERS: Headers = Object.freeze({})

/**
 * Key, value and headers as bytes, in memory of the record's own. From the pool that short buffers share, a record that is kept would
 * keep 64 KiB of others: measured, 13 kB a kept decision.
 */
function ownBytes({ key, value, headers = {} }: OutputRecord): [Buffer | null, Buffer | null, Headers] {
  const texts = [key, value, ...Object.values(headers)].filter((content) => typeof content === 'string')
  const own = Buffer.allocUnsafeSlow(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0))
  let at = 0
  const bytes = <T>(content: T | string): T | Buffer => {
    if (typeof content !== 'string') return content
    const start = at
    at += own.write(content, start)
    return own.subarray(start, at)
  }
  const names = Object.keys(headers)
  if (names.length === 0) return [bytes(key), bytes(value), NO_HEADERS]
  const result: Record<string, Buffer> = {}
  for (const [name, content] of Object.entries(headers)) result[name] = bytes(content)
  return [bytes(key), bytes(value), result]
}
