// The Kafka of a command that writes or reads messages and then ends.
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { EventLog } from '../log/event-log.ts'
import type { LogSink } from '../log/kafka-client.ts'
import { createKafkaLog } from '../log/kafka-log.ts'
import { loggerOfProcess, now } from './process-host.ts'

/** `withoutKafka` says why the command needs it, and the remedy. Throws CONFIG_INVALID when no broker is configured. */
export function openCommandLog(
  config: Config,
  withoutKafka: string,
  sink: LogSink = loggerOfProcess(config, process.stderr),
): EventLog {
  if (config.kafka.brokers.length === 0) {
    throw new AppError('CONFIG_INVALID', `kafka.brokers is empty: ${withoutKafka}`)
  }
  return createKafkaLog({ settings: config.kafka, concurrentSends: 1, now, sink })
}
