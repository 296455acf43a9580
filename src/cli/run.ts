// `paysentry run`: the processor as a service.
import { Command } from 'commander'
import { startApp } from '../app.ts'
import { topicNames } from '../log/topics.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { configOfProcess, loggerOfProcess, now, untilStopped, VERSION } from './process-host.ts'

interface RunOptions {
  readonly config?: string
}

export function runCommand(): Command {
  return new Command('run')
    .description('Run the processor: Kafka and Redis where they are configured, else in-process')
    .option('--config <file>', 'configuration file (YAML); PAYSENTRY_CONFIG names it too')
    .action(run)
}

async function run(options: RunOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const logger = loggerOfProcess(config, process.stderr)
  const metrics = createMetrics({ alertsTopic: topicNames(config.topics.prefix).alerts, now })
  const app = await startApp({ config, version: VERSION, logger, metrics, now })
  const { ruleSet, scorer, challenger, rates } = app.knowledge
  if (app.log.kind === 'in-process') {
    logger.warn({}, 'kafka.brokers is empty: events come over HTTP only and are gone when the process ends')
  }
  logger.info(
    {
      version: VERSION,
      address: app.address,
      rules: ruleSet.size,
      ruleSet: ruleSet.hash,
      model: scorer?.version ?? null,
      challenger: challenger?.version ?? null,
      rates: rates.version,
    },
    'ready',
  )
  process.on('SIGHUP', () => {
    app.reloadRules()
    app.reloadModels()
  })
  await untilStopped(app, {
    deadlineMs: config.shutdown.deadlineMs,
    onStop: (reason) => logger.info({ reason }, 'stopping'),
  })
  logger.info({}, 'stopped')
}
