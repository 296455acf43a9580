// The port to the event log: Kafka through kafkajs, or the in-process log. Both pass test/contract/event-log.
// Acknowledgement travels with the batch: `publish` and `commit` belong to the batch that was consumed, not to the
// client, so that a delivery mode can join them in one transaction and no caller can commit another batch's offsets.

/** Pause before a batch that was not committed comes again: given up a moment ago, it would fail again at once. */
export const REDELIVERY_PAUSE_MS = 100

export type Headers = Readonly<Record<string, string | Buffer>>

/** One record as the log holds it. Of a header that stands in it more than once, the last one counts. */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  /** Decimal digits; log offsets are 64 bits wide. */
  readonly offset: string
  /** Broker timestamp (CreateTime or LogAppendTime), epoch milliseconds. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

export interface OutputRecord {
  readonly topic: string
  readonly key: string | Buffer | null
  readonly value: string | Buffer | null
  readonly headers?: Headers
  /** Epoch milliseconds; the adapter's clock if absent. */
  readonly timestampMs?: number
}

/** Consecutive records of one partition, at least one and at most `maxBatchRecords`. */
export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly LogRecord[]
  /** How many records of the partition came after this batch when it was fetched. */
  readonly lag: number
  /** Epoch milliseconds at which the batch reached this process. */
  readonly arrivedAtMs: number
  /** What was committed last with the group's offset of this partition, by whatever owner; '' if nothing was. */
  readonly note: string
  /** True once the partition belongs to another consumer: stop working on it. */
  isStale(): boolean
  /**
   * Resolves when every in-sync replica has the outputs. Throws LOG_UNAVAILABLE or PARTITION_LOST. May be called again
   * after LOG_UNAVAILABLE; outputs of the failed call may then stand in the log twice, but none is missing.
   */
  publish(outputs: readonly OutputRecord[]): Promise<void>
  /**
   * Moves the group's offset behind the last record and leaves the note (none if absent; at most 4096 bytes) with it.
   * Throws LOG_UNAVAILABLE or PARTITION_LOST. After LOG_UNAVAILABLE the outputs must be published again first.
   */
  commit(note?: string): Promise<void>
  /**
   * Leaves a note with the group's offset at the start of this batch: before the work on it begins, so that the next
   * owner finds it if this one does not come to the end. Throws as `commit`. Leaves none after a commit that failed: the
   * offset may have moved all the same, and is never taken back.
   */
  commitNote(note: string): Promise<void>
}

export interface ConsumeOptions {
  readonly topics: readonly string[]
  readonly groupId: string
  readonly maxBatchRecords: number
  /** Fewer records than `maxBatchRecords` for the next batch, at least one, by the note that stands with the offset. */
  readonly limit?: (note: string) => number
  /** Partitions worked on at the same time; batches of one partition never overlap. */
  readonly concurrentPartitions: number
  /**
   * Where a group without an offset starts. `latest` is for onlookers: what arrives between a partition's assignment
   * and its first commit is passed over when the partition changes hands.
   */
  readonly from: 'earliest' | 'latest'
  /** Topics that `onBatch` publishes to: they must exist too. */
  readonly publishesTo?: readonly string[]
  /**
   * Called with one batch after another of each partition; the next comes when it resolves. When it resolves without a
   * commit, the next batch starts at the same record again (after a short pause), here or at the partition's new owner.
   * It must not throw: the pipeline's runner decides about errors (retry, abandon, fatal). What it throws nevertheless
   * ends the consumer with CONSUMER_STOPPED.
   */
  readonly onBatch: (batch: PartitionBatch) => Promise<void>
  /** For metrics and alerts; nobody is told if absent. */
  readonly observer?: ConsumerObserver
}

/** Partitions by topic. */
export type Assignment = Readonly<Record<string, readonly number[]>>

/** What befalls a consumer as a member of its group. Must not throw. */
export interface ConsumerObserver {
  /**
   * The group has shared out its partitions, at the first join and after every rebalance. `tookMs` is how long joining took, in
   * which this consumer read nothing.
   */
  readonly onAssigned: (assigned: Assignment, tookMs: number) => void
  /** The process stood still for so long that the group may have given its partitions away. */
  readonly onStoodStill: (heldUpMs: number) => void
}

export interface ConsumerFigures {
  /** Partitions that the group has given to this consumer. */
  readonly assignedPartitions: number
  /** Those of them that are not read now. */
  readonly pausedPartitions: number
  /** Bytes of what was read and is not worked through, at most. */
  readonly inFlightBytes: number
}

export interface Consumer {
  /** True while the group has given this consumer its share of the partitions (maybe none). */
  isJoined(): boolean
  /**
   * Reads no more of the topic's partitions, those that the group gives it later included, and takes no further batch of
   * them until `resume`. Batches in hand go on; nothing is passed over. The other topics go on.
   */
  pause(topic: string): void
  /** Goes on with the topic, or with this one partition alone until the next `pause`. */
  resume(topic: string, partition?: number): void
  figures(): ConsumerFigures
  /** Settles when consuming has ended: resolved by `stop`, rejected with CONSUMER_STOPPED when it ended by itself. */
  readonly finished: Promise<void>
  /** Takes no further batch, waits for those in hand (they can still commit), leaves the group. */
  stop(): Promise<void>
}

export interface FollowOptions {
  readonly topic: string
  /** Called with records in the order of their partition, each once. Synchronous: what it throws ends the follower. */
  readonly onRecords: (records: readonly LogRecord[]) => void
}

/** A reader of a whole topic, which shares it with nobody and commits nothing. */
export interface Follower {
  /** Settles when following has ended: resolved by `stop`, rejected with CONSUMER_STOPPED when it ended by itself. */
  readonly finished: Promise<void>
  stop(): Promise<void>
}

/** Records of one partition, from one offset up to another, which does not belong to it. */
export interface SpanOptions {
  readonly topic: string
  readonly partition: number
  readonly from: bigint
  readonly to: bigint
  /** Called with the records in order; the next ones come when it resolves. What it throws, the reading throws. */
  readonly onRecords: (records: readonly LogRecord[]) => Promise<void>
}

export interface HistoryOptions {
  readonly topics: readonly string[]
  /** Leaves out what arrived before (broker timestamp, epoch milliseconds); all that retention has left if -Infinity. */
  readonly sinceMs: number
}

/** What stood in some topics at one moment. */
export interface History {
  /** How many offsets the topics hold; a few of them may have no record. */
  size(topics: readonly string[]): number
  /**
   * The records of these topics in the order of arrival, some at a time: by broker timestamp, within one millisecond by the order in
   * which the topics are named here and then by partition. Records of one partition stay in its order whatever their timestamps.
   * Memory is bounded by the number of partitions. Throws LOG_UNAVAILABLE.
   */
  read(topics: readonly string[]): AsyncGenerator<readonly LogRecord[]>
}

export interface EventLog {
  readonly kind: 'kafka' | 'in-process'
  /** Resolves once the subscription is running. Throws LOG_UNAVAILABLE or TOPIC_MISSING. */
  consume(options: ConsumeOptions): Promise<Consumer>
  /**
   * Reads the topic from its oldest record on, and goes on reading. Resolves once every record that stood in it at the call
   * has been handed over. Throws LOG_UNAVAILABLE or TOPIC_MISSING.
   */
  follow(options: FollowOptions): Promise<Follower>
  /**
   * Reads the span once and resolves when all of it that retention has left was handed over. Throws LOG_UNAVAILABLE or
   * TOPIC_MISSING.
   */
  readSpan(options: SpanOptions): Promise<void>
  /** Notes where the topics begin and end; nothing that comes later belongs to it. Throws LOG_UNAVAILABLE or TOPIC_MISSING. */
  history(options: HistoryOptions): Promise<History>
  /** Appends the records, outside any batch. Resolves when every in-sync replica has them. Throws LOG_UNAVAILABLE. */
  produce(records: readonly OutputRecord[]): Promise<void>
  /** Whether the group has come past the first record of some partition of these topics. Throws LOG_UNAVAILABLE. */
  hasCommitted(groupId: string, topics: readonly string[]): Promise<boolean>
  /** Stops the consumers and followers that are left, then lets go of every connection. */
  close(): Promise<void>
}
