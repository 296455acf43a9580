// What a consumer knows of its place in the group: whether it holds its share, and whether a batch's partition is still its own.
// A batch belongs to one generation of the group; after the next join it is stale, whoever owns the partition then.
import type { Assignment } from './event-log.ts'
import { kafkaError, protocolErrorType } from './kafka-error.ts'

export interface Membership {
  isJoined(): boolean
  /** Counts the joins; a batch remembers the one it came in. */
  generation(): number
  /** None while this member has no share. */
  assignment(): Assignment
  /** True when the present assignment has the partition. */
  owns(topic: string, partition: number): boolean
  /** True once a batch of this generation must not be worked on any more. */
  isLost(generation: number): boolean
  /** The error that kafkajs must be told, so that it joins again; null while all is well. */
  interruption(): unknown
  /** Tells what a heartbeat or commit threw. */
  failed(thrown: unknown): void
  /** The coordinator answered a heartbeat that was sent this long ago, milliseconds. */
  alive(sentBeforeMs: number): void
  joined(assignment: Assignment): void
  left(): void
}

export interface MembershipOptions {
  /** Silent for longer than this, the coordinator has given the partitions away, milliseconds. */
  readonly sessionTimeoutMs: number
  /** A batch in hand may take this long to finish after a rebalance was announced, milliseconds. */
  readonly graceMs: number
  /** Monotonic clock, milliseconds. */
  readonly clock: () => number
}

export function createMembership({ sessionTimeoutMs, graceMs, clock }: MembershipOptions): Membership {
  let joined = false
  let assigned: Assignment = {}
  let generation = 0
  let interruption: unknown = null
  let lostAtMs = Number.POSITIVE_INFINITY
  let aliveAtMs = 0
  return {
    isJoined: () => joined,
    generation: () => generation,
    assignment: () => (joined ? assigned : {}),
    owns: (topic, partition) => assigned[topic]?.includes(partition) === true,
    isLost: (of) => of !== generation || clock() >= lostAtMs || clock() - aliveAtMs > sessionTimeoutMs,
    interruption: () => interruption,
    failed(thrown) {
      if (kafkaError(thrown, '').code !== 'PARTITION_LOST') return
      interruption ??= thrown
      // While a rebalance is only announced, the generation stands until this member joins again: the coordinator takes
      // commits, so a batch that is nearly done can end without being done twice. A longer one would hold up the group.
      const announced = protocolErrorType(thrown) === 'REBALANCE_IN_PROGRESS'
      lostAtMs = Math.min(lostAtMs, announced ? clock() + graceMs : clock())
    },
    alive(sentBeforeMs) {
      aliveAtMs = Math.max(aliveAtMs, clock() - sentBeforeMs)
    },
    joined(assignment) {
      joined = true
      assigned = assignment
      generation++
      interruption = null
      lostAtMs = Number.POSITIVE_INFINITY
      aliveAtMs = clock()
    },
    left() {
      joined = false
    },
  }
}
