// What a consumer does not read for now. kafkajs takes pauses only while it runs and forgets them when it starts anew after a
// crash, so they are kept here and told to it again after every join.
import type { Consumer as KafkaJsConsumer } from 'kafkajs'

export interface Pauses {
  pause(topic: string): void
  /** The whole topic, or of a paused one this partition. */
  resume(topic: string, partition?: number): void
  isPaused(topic: string, partition: number): boolean
  /** Partitions of this consumer that are not read now. */
  count(): number
}

/** The consumer must not run yet. */
export function createPauses(
  consumer: Pick<KafkaJsConsumer, 'pause' | 'resume' | 'paused' | 'on'>,
  topics: readonly string[],
): Pauses {
  /** Paused topics, and which of their partitions go on nevertheless. */
  const paused = new Map<string, Set<number>>()
  let isRunning = false
  const tell = (topic: string): void => {
    if (!isRunning) return
    const exempt = paused.get(topic)
    if (exempt === undefined) {
      consumer.resume([{ topic }])
      return
    }
    consumer.pause([{ topic }])
    if (exempt.size > 0) consumer.resume([{ topic, partitions: [...exempt] }])
  }
  consumer.on('consumer.group_join', () => {
    isRunning = true
    for (const topic of topics) tell(topic)
  })
  consumer.on('consumer.stop', () => {
    isRunning = false
  })
  return {
    pause(topic) {
      paused.set(topic, new Set())
      tell(topic)
    },
    resume(topic, partition) {
      if (partition === undefined) paused.delete(topic)
      else paused.get(topic)?.add(partition)
      tell(topic)
    },
    isPaused: (topic, partition) => paused.get(topic)?.has(partition) === false,
    count: () => consumer.paused().reduce((sum, { partitions }) => sum + partitions.length, 0),
  }
}
