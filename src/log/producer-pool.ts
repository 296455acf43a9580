// Idempotent producers, each lent to one send at a time and thrown away when that send fails.
//
// The rejected alternative, one producer for all: when a send fails, kafkajs 2.2.4 winds its sequence numbers back and lets go
// of the broker. If that send had reached the log and only its answer was lost, the next send of the same number of records to
// that partition goes out under the same numbers, and the broker takes it for the repetition: acknowledged, never written.
import type { Kafka, Producer } from 'kafkajs'
import { AppError } from '../errors.ts'
import type { OutputRecord } from './event-log.ts'
import { requestError } from './kafka-error.ts'
import { partitioner, requests } from './kafka-request.ts'

export interface ProducerPool {
  /** Resolves when every in-sync replica has all records. Throws LOG_UNAVAILABLE, TOPIC_MISSING, CONFIG_INVALID, UNEXPECTED. */
  send(records: readonly OutputRecord[]): Promise<void>
  /** Lets the sends under way end, refuses those that wait, disconnects. */
  close(): Promise<void>
}

export interface ProducerPoolOptions {
  readonly kafka: Kafka
  /** Most producers at once, which is the number of sends under way. */
  readonly size: number
  /** Told when letting go of a broken producer failed too. */
  readonly onDiscardFailed: (error: unknown) => void
}

export function createProducerPool({ kafka, size, onDiscardFailed }: ProducerPoolOptions): ProducerPool {
  const idle: Producer[] = []
  const waiting: ((go: boolean) => void)[] = []
  const allBack = Promise.withResolvers<void>()
  let lent = 0
  let closed = false

  const connect = async (): Promise<Producer> => {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: partitioner,
      // Few: a broker that hangs costs a request time-out each, and whoever waits must hear of it.
      retry: { retries: 2 },
    })
    try {
      await producer.connect()
    } catch (error) {
      discard(producer)
      throw error
    }
    return producer
  }
  const discard = (producer: Producer): void => {
    producer.disconnect().catch(onDiscardFailed)
  }
  const turn = async (): Promise<void> => {
    if (closed) throw new AppError('UNEXPECTED', 'the log is closed')
    if (lent < size) {
      lent++
      return
    }
    const go = await new Promise<boolean>((resolve) => waiting.push(resolve))
    if (!go) throw new AppError('UNEXPECTED', 'the log is closed')
  }
  const turnOver = (): void => {
    const next = waiting.shift()
    if (next !== undefined) next(true)
    else if (--lent === 0 && closed) allBack.resolve()
  }

  return {
    async send(records) {
      if (records.length === 0) return
      await turn()
      let producer: Producer | undefined
      try {
        producer = idle.pop() ?? (await connect())
        for (const topicMessages of requests(records)) await producer.sendBatch({ acks: -1, topicMessages })
        idle.push(producer)
      } catch (error) {
        if (producer !== undefined) discard(producer)
        throw requestError(error, `write to ${[...new Set(records.map(({ topic }) => topic))].join(', ')}`)
      } finally {
        turnOver()
      }
    },
    async close() {
      closed = true
      for (const resolve of waiting.splice(0)) resolve(false)
      if (lent > 0) await allBack.promise
      await Promise.all(idle.splice(0).map((producer) => producer.disconnect()))
    },
  }
}
