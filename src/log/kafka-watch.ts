// What can be seen of a consumer of kafkajs from outside: joins, heartbeats, fetches, and whether the process stood still.
import type { Consumer as KafkaJsConsumer } from 'kafkajs'
import type { LogSink } from './kafka-client.ts'
import type { Membership } from './membership.ts'

/** Bytes of the newest fetch from each broker: the ones before are worked through. */
export function watchFetches(consumer: KafkaJsConsumer): () => number {
  const newest = new Map<string, number>()
  consumer.on('consumer.network.request', ({ payload: { apiName, broker, size } }) => {
    if (apiName === 'Fetch') newest.set(broker, size)
  })
  return () => [...newest.values()].reduce((sum, size) => sum + size, 0)
}

/** Tells the membership what befalls it. `onJoin` is told how long joining took, the wait for other members included. */
export function watchMembership(
  consumer: KafkaJsConsumer,
  membership: Membership,
  onJoin: (tookMs: number) => void,
): void {
  let heardMs = 0
  consumer.on('consumer.group_join', ({ payload }) => {
    membership.joined(payload.memberAssignment)
    onJoin(payload.duration)
  })
  consumer.on('consumer.network.request', ({ payload: { apiName, duration } }) => {
    if (apiName === 'Heartbeat') heardMs = duration
  })
  // What counts is when the coordinator can have heard of this member, not when a process that stood still reads the answer.
  consumer.on('consumer.heartbeat', () => membership.alive(heardMs))
  consumer.on('consumer.rebalancing', () => membership.left())
  consumer.on('consumer.crash', () => membership.left())
}

export interface BeatOptions {
  readonly heartbeatMs: number
  readonly sessionTimeoutMs: number
  readonly sink: LogSink
  readonly beat: () => void
  readonly onStoodStill: (heldUpMs: number) => void
}

/** Calls `beat` again and again, and says so when the process was held up for so long that the group may have missed it. */
export function startBeating({ heartbeatMs, sessionTimeoutMs, ...options }: BeatOptions): NodeJS.Timeout {
  let lastAtMs = performance.now()
  return setInterval(() => {
    const heldUpMs = Math.round(performance.now() - lastAtMs - heartbeatMs)
    lastAtMs = performance.now()
    if (heldUpMs > sessionTimeoutMs / 2) {
      options.sink.warn(
        { heldUpMs, sessionTimeoutMs },
        'The process stood still; Kafka may have given its partitions away. More CPU, or a higher kafka.sessionTimeoutMs',
      )
      options.onStoodStill(heldUpMs)
    }
    options.beat()
  }, heartbeatMs)
}
