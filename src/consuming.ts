// Consumes events and labels, events first, and tells the metrics of it.
import type { Config } from './config.ts'
import type { Consumer, EventLog } from './log/event-log.ts'
import type { TopicNames } from './log/topics.ts'
import { marksFor } from './overload.ts'
import type { PoisonGuard } from './poison.ts'
import { createPriority, type Priority } from './priority.ts'
import type { Repair } from './repair.ts'
import type { Runner } from './runner.ts'
import type { Logger } from './telemetry/logger.ts'
import type { Metrics } from './telemetry/metrics.ts'

export interface ConsumingOptions {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly log: EventLog
  readonly topics: TopicNames
  readonly guard: PoisonGuard
  readonly runner: Runner
  readonly repair: Pick<Repair, 'giveWay'>
}

/** Resolves once the subscription is running. Throws LOG_UNAVAILABLE or TOPIC_MISSING. Whoever ends it stops the consumer. */
export async function startConsuming(options: ConsumingOptions): Promise<Consumer> {
  const { config, metrics, log, topics, guard, runner } = options
  const priority = openPriority(options)
  const consumer = await log.consume({
    topics: [topics.events, topics.labels],
    groupId: config.kafka.groupId,
    maxBatchRecords: config.batch.maxRecords,
    limit: guard.limit,
    concurrentPartitions: config.batch.concurrentPartitions,
    from: 'earliest',
    publishesTo: [topics.decisions, topics.alerts, topics.deadLetters],
    observer: {
      onAssigned(assigned, tookMs) {
        priority.onAssigned(assigned)
        metrics.consumerObserver.onAssigned(assigned, tookMs)
      },
      onStoodStill: metrics.consumerObserver.onStoodStill,
    },
    onBatch: priority.around((batch) => runner.run(batch)),
  })
  metrics.bindConsumer(consumer.figures)
  // In one process nothing but a simulator publishes labels, and a run must repeat to the byte however fast the machine is.
  if (log.kind === 'kafka') priority.start(consumer)
  return {
    ...consumer,
    async stop() {
      priority.close()
      await consumer.stop()
    },
  }
}

function openPriority({ config, logger, metrics, now, topics, repair }: ConsumingOptions): Priority {
  const priority = createPriority({
    topics,
    marks: marksFor(config.deadline.ms),
    now,
    onLate: repair.giveWay,
    onChange(isOverloaded) {
      if (!isOverloaded) return logger.info({}, 'Events are decided in time again, and labels go with them')
      metrics.countOverload()
      logger.warn({}, 'Events wait too long; labels give way to them')
    },
  })
  metrics.bindOverloadLevel(priority.level)
  return priority
}
