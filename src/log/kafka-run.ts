// Consumers of kafkajs that outlive what passes by itself. kafkajs 2.2.4 can restart one after a crash, but not after what it takes
// for final, such as a connection that breaks while it asks who coordinates the group. So it never does, and this does it always.
import type { Consumer, ConsumerConfig, ConsumerRunConfig, Kafka } from 'kafkajs'
import { pause } from '../pause.ts'
import type { LogSink } from './kafka-client.ts'
import { isPassing } from './kafka-error.ts'

/** Time for the first join: a coordinator that has just come up, or moved, may still be loading. */
const JOIN_WITHIN_MS = 15_000
/** Between a crash and the next try. kafkajs has tried for some seconds before it crashes. */
const PAUSE_MS = 300

type KafkaJsConsumerConfig = Omit<ConsumerConfig, 'retry' | 'allowAutoTopicCreation'>

/** A consumer for `keepRunning`. */
export function kafkaJsConsumer(kafka: Kafka, config: KafkaJsConsumerConfig): Consumer {
  return kafka.consumer({
    ...config,
    allowAutoTopicCreation: false,
    retry: { retries: 8, restartOnFailure: async () => false },
  })
}

export interface RunOptions {
  readonly topics: readonly string[]
  /** Where to begin without a committed offset: at the first record, or behind the last. */
  readonly fromBeginning: boolean
  readonly run: ConsumerRunConfig
  /** Aborted before the consumer is disconnected. */
  readonly stopping: AbortSignal
  readonly sink: LogSink
  /** Told when a consumer that had joined has ended for good, other than by stopping. */
  readonly onEnd: (error: Error) => void
}

/** Resolves with the first join. Throws what kafkajs threw when that does not come, or not in 15 s. */
export async function keepRunning(consumer: Consumer, options: RunOptions): Promise<void> {
  const { stopping } = options
  const giveUpAtMs = performance.now() + JOIN_WITHIN_MS
  const joined = Promise.withResolvers<void>()
  let hasJoined = false
  const run = async (): Promise<void> => {
    try {
      // It returns also when it has crashed.
      await consumer.run(options.run)
      if (hasJoined) joined.resolve()
    } catch (error) {
      await crashed(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const crashed = async (reason: Error): Promise<void> => {
    if (stopping.aborted) return
    if (!isPassing(reason) || (!hasJoined && performance.now() > giveUpAtMs)) {
      if (hasJoined) options.onEnd(reason)
      else joined.reject(reason)
      return
    }
    options.sink.info({ topics: options.topics, err: reason }, 'The Kafka consumer crashed and is run again')
    await pause(PAUSE_MS, stopping)
    if (!stopping.aborted) await run()
  }
  consumer.on('consumer.group_join', () => {
    hasJoined = true
  })
  consumer.on('consumer.crash', ({ payload }) => void crashed(payload.error))
  await consumer.connect()
  await consumer.subscribe({ topics: [...options.topics], fromBeginning: options.fromBeginning })
  void run()
  await joined.promise
}
