// What a consumer does not read for now. kafkajs takes pauses only while it runs and forgets them when it starts anew after a
// crash, so they are kept here and told to it again after every join.
import type { Consumer as KafkaJsConsumer } from 'kafkajs'

export interface Pauses {
  pause(topic: string): void
  resume(topic: string): void
  isPaused(topic: string): boolean
  /** Partitions of this consumer that are not read now. */
  count(): number
}

/** The consumer must not run yet. */
export function createPauses(
  consumer: Pick<KafkaJsConsumer, 'pause' | 'resume' | 'paused' | 'on'>,
  topics: readonly string[],
): Pauses {
  const paused = new Set<string>()
  let isRunning = false
  consumer.on('consumer.group_join', () => {
    isRunning = true
    for (const topic of topics) tell(topic)
  })
  consumer.on('consumer.stop', () => {
    isRunning = false
  })
  const tell = (topic: string): void => {
    if (!isRunning) return
    if (paused.has(topic)) consumer.pause([{ topic }])
    else consumer.resume([{ topic }])
  }
  return {
    pause(topic) {
      paused.add(topic)
      tell(topic)
    },
    resume(topic) {
      paused.delete(topic)
      tell(topic)
    },
    isPaused: (topic) => paused.has(topic),
    count: () => consumer.paused().reduce((sum, { partitions }) => sum + partitions.length, 0),
  }
}
