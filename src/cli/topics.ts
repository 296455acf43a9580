// `paysentry topics`: creates the Kafka topics and shows what is there.
import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { AppError } from '../errors.ts'
import { kafkaClient, hideTimerWarning, type LogSink } from '../log/kafka-client.ts'
import { createTopics, describeTopics, type TopicReport } from '../log/topic-admin.ts'
import { topicSettings, type TopicSettings } from '../log/topic-settings.ts'

/** What kafkajs has to say is of no use in a table; what goes wrong for good is thrown. */
const SILENT: LogSink = { debug: ignore, info: ignore, warn: ignore, error: ignore }

interface TopicsOptions {
  readonly config?: string
  readonly dryRun?: boolean
}

/** The command `topics` with `create` and `list`. Ends with exit code 1 when a topic is not as it should be. */
export function topicsCommand(): Command {
  const command = new Command('topics').description('Create the Kafka topics, or look at them')
  command
    .command('create')
    .description('Create the topics that are missing; existing ones are checked and left as they are')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--dry-run', 'only ask the brokers whether they would')
    .action(async (options: TopicsOptions) => {
      const { kafka, topics } = open(options)
      report(await createTopics(kafka, topics, { dryRun: options.dryRun === true }))
    })
  command
    .command('list')
    .description('Show the topics, and how they differ from what they should be')
    .option('--config <file>', 'configuration file (YAML)')
    .action(async (options: TopicsOptions) => {
      const { kafka, topics } = open(options)
      const reports = await describeTopics(kafka, topics)
      report(reports)
      if (reports.some(({ state }) => state === 'missing')) process.exitCode = 1
    })
  return command
}

function open(options: TopicsOptions): { kafka: ReturnType<typeof kafkaClient>; topics: TopicSettings[] } {
  // oxlint-disable-next-line node/no-process-env -- the command line is where the environment comes in
  const config = loadConfig({ file: options.config ?? process.env['PAYSENTRY_CONFIG'], env: process.env })
  if (config.kafka.brokers.length === 0) {
    throw new AppError(
      'CONFIG_INVALID',
      'kafka.brokers is empty: without Kafka there are no topics to create',
    )
  }
  hideTimerWarning(process)
  return { kafka: kafkaClient({ settings: config.kafka, sink: SILENT }), topics: topicSettings(config) }
}

function report(reports: readonly TopicReport[]): void {
  process.stdout.write(topicTable(reports))
  if (reports.some(({ differences }) => differences.length > 0)) process.exitCode = 1
}

/** The reports as a table for a terminal; the differences of a topic stand below it. */
export function topicTable(reports: readonly TopicReport[]): string {
  const width = Math.max('TOPIC'.length, ...reports.map(({ name }) => name.length))
  const line = (name: string, state: string, partitions: string, replicas: string) =>
    `${name.padEnd(width)}  ${state.padEnd(7)}  ${partitions.padStart(10)}  ${replicas.padStart(8)}\n`
  const lines = reports.map(
    ({ name, state, partitions, replicationFactor, differences }) =>
      line(name, state, String(partitions), String(replicationFactor)) +
      differences.map((difference) => `  ! ${difference}\n`).join(''),
  )
  return line('TOPIC', 'STATE', 'PARTITIONS', 'REPLICAS') + lines.join('')
}

function ignore(): void {
  return undefined
}
