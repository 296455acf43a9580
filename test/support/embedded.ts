// A processor inside the test's process: in-process log, journals in memory, the shipped rules and model.
import type { App } from '../../src/app.ts'
import { startApp } from '../../src/app.ts'
import type { Batch } from '../../src/batch.ts'
import { loadConfig } from '../../src/config.ts'
import { topicNames } from '../../src/log/topics.ts'
import { silentLogger } from './silent-logger.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

export interface EmbeddedOptions {
  /** Settings by environment name. */
  readonly env?: Readonly<Record<string, string>>
  readonly onCompleted?: (batch: Batch) => void
}

/** Starts it on a free port; the caller stops it. */
export function startEmbedded({
  env = {},
  onCompleted = () => undefined,
}: EmbeddedOptions = {}): Promise<App> {
  const config = loadConfig({ env: { PAYSENTRY_HTTP_PORT: '0', PAYSENTRY_LOG_LEVEL: 'silent', ...env } })
  return startApp({
    config,
    version: 'test',
    logger: silentLogger(),
    metrics: createMetrics({ alertsTopic: topicNames('').alerts, now: Date.now, processMetrics: false }),
    now: Date.now,
    onCompleted,
  })
}
