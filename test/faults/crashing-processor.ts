// `paysentry run` that kills itself, as `kill -9` does, once a stage has run a given number of times: "publish:2" in
// FAULT_CRASH_AFTER. The product knows nothing of it: stages are observed through the metrics that it is given.
import { startApp } from '../../src/app.ts'
import { configOfProcess, loggerOfProcess, now, untilStopped, VERSION } from '../../src/cli/process-host.ts'
import { topicNames } from '../../src/log/topics.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

const [stage, times] = (process.env['FAULT_CRASH_AFTER'] ?? '').split(':')
const config = configOfProcess(undefined)
const logger = loggerOfProcess(config, process.stderr)
const metrics = createMetrics({ alertsTopic: topicNames(config.topics.prefix).alerts, now })
let left = Number(times)

const app = await startApp({
  config,
  version: VERSION,
  logger,
  now,
  metrics: {
    ...metrics,
    observeStage(name, seconds) {
      metrics.observeStage(name, seconds)
      if (name === stage && --left === 0) process.kill(process.pid, 'SIGKILL')
    },
  },
})
logger.info({ address: app.address }, 'ready')
await untilStopped(app, { deadlineMs: config.shutdown.deadlineMs, onStop: () => undefined })
