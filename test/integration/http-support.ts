// Real HTTP servers on free loopback ports, closed when their test ends.
import { onTestFinished } from 'vitest'
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/telemetry/http.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'

export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly server: HttpServer
  readonly logLines: string[]
}

export async function startServer(options: Partial<HttpServerOptions> = {}): Promise<RunningServer> {
  const logLines: string[] = []
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics({ alertsTopic: 'payments.alerts', now: Date.now, processMetrics: false }),
    isLive: () => true,
    readiness: () => Promise.resolve([]),
    logger: createLogger({
      level: 'info',
      format: 'json',
      secrets: [],
      maskCardNumbers: (text) => text,
      destination: { write: (line) => logLines.push(line) },
    }),
    ...options,
  })
  onTestFinished(() => server.close())
  const url = await server.listen()
  return { url, port: Number(new URL(url).port), server, logLines }
}
