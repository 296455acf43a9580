// Records and batches of the port, made from what kafkajs hands out.
import type { EachBatchPayload, IHeaders, KafkaMessage } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { Headers, LogRecord, PartitionBatch } from './event-log.ts'
import type { Claim, CommitToGroup, Position } from './kafka-claim.ts'
import { kafkaError } from './kafka-error.ts'
import type { Membership } from './membership.ts'
import { requireShort } from './note.ts'

export interface KafkaBatch extends PartitionBatch {
  isCommitted(): boolean
}

export interface KafkaBatchOptions {
  readonly payload: EachBatchPayload
  /** Index of the first and behind the last message of the fetched batch. */
  readonly start: number
  readonly end: number
  readonly generation: number
  readonly membership: Membership
  readonly arrivedAtMs: number
  readonly claim: Claim
}

/** The messages `start` to `end` of a fetched batch as a batch of their own. */
export function kafkaBatch(options: KafkaBatchOptions): KafkaBatch {
  const { payload, start, end, generation, membership, claim } = options
  const { topic, partition, messages, highWatermark } = payload.batch
  const records: LogRecord[] = []
  for (let i = start; i < end; i++) {
    const message = messages[i]
    if (message !== undefined) records.push(logRecord(topic, partition, message))
  }
  const lastOffset = records.at(-1)?.offset ?? '-1'
  // Behind the last message the fetch may have control records of transactions: they are passed over with it, or the
  // group would look as if it were behind for ever.
  const passedOffset = end === messages.length ? payload.batch.lastOffset() : lastOffset
  const firstOffset = records[0]?.offset ?? '0'
  let committed = false
  /** Sent, with whatever outcome: when its answer is lost, the group may stand behind this batch already. */
  let commitSent = false
  const requireOwnership = (doing: string): void => {
    if (!membership.isLost(generation)) return
    throw new AppError('PARTITION_LOST', `${doing} of ${topic}/${partition} at offset ${lastOffset}`)
  }
  const toGroup: CommitToGroup = async (offsets) => {
    try {
      // Not consumer.commitOffsets: kafkajs drops that one without a word once its stop has begun.
      await payload.commitOffsetsIfNecessary(offsets)
    } catch (error) {
      membership.failed(error)
      throw error
    }
  }
  const commit = async (position: Position): Promise<void> => {
    requireShort(position.note)
    requireOwnership('commit')
    try {
      await claim.commit(position, toGroup)
    } catch (error) {
      throw kafkaError(error, `commit of ${topic}/${partition} at offset ${position.nextOffset}`)
    }
  }
  return {
    topic,
    partition,
    records,
    lag: Math.max(0, Number(highWatermark) - 1 - Number(lastOffset)),
    arrivedAtMs: options.arrivedAtMs,
    note: claim.position().note,
    isStale: () => membership.isLost(generation),
    isCommitted: () => committed,
    async publish(outputs) {
      requireOwnership('publish')
      await claim.publish(outputs)
    },
    async commit(note = '') {
      commitSent = true
      await commit({ nextOffset: BigInt(passedOffset) + 1n, note })
      committed = true
    },
    async commitNote(note) {
      // In a transaction, outputs of a try that failed must not be committed with the offset before them.
      await claim.abandon()
      if (!commitSent) await commit({ nextOffset: BigInt(firstOffset), note })
    },
  }
}

/** A message of kafkajs as a record of the port. */
export function logRecord(topic: string, partition: number, message: KafkaMessage): LogRecord {
  return {
    topic,
    partition,
    offset: message.offset,
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: portHeaders(message.headers),
  }
}

const NO_HEADERS: Headers = Object.freeze({})

function portHeaders(headers: IHeaders | undefined): Headers {
  if (headers === undefined) return NO_HEADERS
  const result: Record<string, string | Buffer> = {}
  for (const [name, value] of Object.entries(headers)) {
    result[name] = (Array.isArray(value) ? value.at(-1) : value) ?? ''
  }
  return result
}
