// kafkajs set up as this project needs it: connection settings, its log lines in ours, one warning kept out of sight.
import { Kafka, logLevel, type KafkaConfig, type ISocketFactory, type SASLOptions } from 'kafkajs'
import type { Config } from '../config.ts'

/** What the log writes to; pino's methods of these names fit. */
export interface LogSink {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface KafkaClientOptions {
  readonly settings: Config['kafka']
  readonly sink: LogSink
  /** Makes the TCP or TLS sockets, for proxies and tests; kafkajs's own if absent. */
  readonly socketFactory?: ISocketFactory | undefined
  /** What of kafkajs's own log lines is passed on; all of them if absent. */
  readonly lines?: 'errors' | 'none'
}

/** kafkajs with waits short enough that a caller hears within seconds that Kafka is gone. Connects to nothing. */
export function kafkaClient({ settings, sink, socketFactory, lines }: KafkaClientOptions): Kafka {
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientId,
    ssl: settings.ssl,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 },
    logLevel: lines === undefined ? logLevel.INFO : lines === 'errors' ? logLevel.ERROR : logLevel.NOTHING,
    logCreator: () => (entry) => forward(sink, entry.level, entry.namespace, entry.log),
  }
  const sasl = saslOptions(settings)
  if (sasl !== null) config.sasl = sasl
  if (socketFactory !== undefined) config.socketFactory = socketFactory
  return new Kafka(config)
}

function saslOptions(settings: Config['kafka']): SASLOptions | null {
  const login = { username: settings.saslUsername, password: settings.saslPassword }
  switch (settings.saslMechanism) {
    case 'none':
      return null
    case 'plain':
      return { mechanism: 'plain', ...login }
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', ...login }
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', ...login }
  }
}

/** kafkajs says ERROR where it is about to try again; what fails for good reaches the caller as an error. So: one level down. */
function forward(
  sink: LogSink,
  level: logLevel,
  namespace: string,
  log: { message: string; [key: string]: unknown },
) {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...details } = log
  const fields = { kafkajs: namespace, ...details }
  if (level === logLevel.ERROR) sink.warn(fields, message)
  else if (level === logLevel.WARN) sink.info(fields, message)
  else sink.debug(fields, message)
}

const HIDDEN_WARNING = 'TimeoutNegativeWarning'

/**
 * Keeps one warning of Node 24 out of the user's sight: kafkajs 2.2.4 sets a timer with a negative delay for each request queue
 * (harmless: Node takes 1 ms). Chosen by its name alone; the listeners that are there get every other warning as before.
 */
export function hideTimerWarning(process: NodeJS.Process): void {
  for (const listener of process.listeners('warning')) {
    if (listener.name === hiding.name) continue
    process.off('warning', listener)
    process.on('warning', hiding(listener))
  }
}

function hiding(listener: NodeJS.WarningListener): NodeJS.WarningListener {
  const filtered: NodeJS.WarningListener = (warning) => {
    if (warning.name !== HIDDEN_WARNING) listener(warning)
  }
  return Object.defineProperty(filtered, 'name', { value: hiding.name })
}
