// `paysentry run` that does something to itself at the end of a stage, once it has said that it is ready, by FAULT_AT:
// `crash:publish` kills it as `kill -9` does, `stall:publish` stops it until somebody sends SIGCONT. The product knows nothing of
// it: stages are observed through the metrics that it is given.
import { writeSync } from 'node:fs'
import { startApp } from '../../src/app.ts'
import { configOfProcess, loggerOfProcess, now, untilStopped, VERSION } from '../../src/cli/process-host.ts'
import { topicNames } from '../../src/log/topics.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { AT_THE_POINT } from './points.ts'

const [what, stage] = (process.env['FAULT_AT'] ?? '').split(':')
const config = configOfProcess(undefined)
const logger = loggerOfProcess(config, process.stderr)
const metrics = createMetrics({ alertsTopic: topicNames(config.topics.prefix).alerts, now })
let armed = false

const app = await startApp({
  config,
  version: VERSION,
  logger,
  now,
  metrics: {
    ...metrics,
    observeStage(name, seconds) {
      metrics.observeStage(name, seconds)
      if (!armed || name !== stage) return
      armed = false
      writeSync(process.stderr.fd, `${AT_THE_POINT}\n`)
      process.kill(process.pid, what === 'stall' ? 'SIGSTOP' : 'SIGKILL')
    },
  },
})
logger.info({ address: app.address }, 'ready')
armed = true
await untilStopped(app, { deadlineMs: config.shutdown.deadlineMs, onStop: () => undefined })
