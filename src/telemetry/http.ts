// The HTTP endpoints: metrics for Prometheus, liveness and readiness for a supervisor and, in embedded mode, events.
// Answers carry nothing of an event but its decision; on a loopback address no foreign web page gets an answer.
import { fastify, type FastifyReply } from 'fastify'
import { AppError } from '../errors.ts'
import { addEventsRoute, refuse, type SubmitEvents } from './events-route.ts'
import { httpProblem } from './http-problem.ts'
import type { Logger } from './logger.ts'
import { isLoopbackAddress, refusal } from './loopback.ts'
import type { Metrics } from './metrics.ts'

export interface ReadinessCheck {
  /** Such as `redis` or `consumer group`. */
  readonly name: string
  /** Null when all is well, else what is wrong, for the on-call engineer. */
  readonly problem: string | null
}

export interface HttpServerOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly metrics: Metrics
  /** False when only a restart helps. */
  readonly isLive: () => boolean
  /** Ready when no check has a problem. Asked at every scrape too, for the metric `paysentry_ready`. */
  readonly readiness: () => Promise<readonly ReadinessCheck[]>
  /** Absent: POST /v1/events is not offered. Needs a loopback host. */
  readonly submit?: SubmitEvents
  readonly logger: Logger
  readonly bodyLimitBytes?: number
  readonly maxEvents?: number
  /** Longest wait for decisions. */
  readonly deadlineMs?: number
  /** Longest wait for the readiness checks. */
  readonly readinessTimeoutMs?: number
}

export interface HttpServer {
  /** Resolves with the base URL, `http://127.0.0.1:9464`. Throws CONFIG_INVALID when the address cannot be had. */
  listen(): Promise<string>
  /** Answers what is in hand, refuses the rest with 503, and resolves when every connection is closed. */
  close(): Promise<void>
}

const BODY_LIMIT_BYTES = 4_194_304
const MAX_EVENTS = 1_000
const DEADLINE_MS = 5_000
const READINESS_TIMEOUT_MS = 2_000
/** A request must have come in whole after this time. */
const REQUEST_TIMEOUT_MS = 30_000

/** Builds the server; nothing listens before `listen`. Throws CONFIG_INVALID for events on an address others can reach. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { host, port, logger, metrics } = options
  const loopback = isLoopbackAddress(host)
  if (options.submit !== undefined && !loopback) {
    throw new AppError(
      'CONFIG_INVALID',
      `events over HTTP need http.host to be a loopback address, not ${host}`,
    )
  }
  const server = fastify({
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Ours below says why, in our words.
    return503OnClosing: false,
  })
  const readiness = createReadiness(options)
  metrics.bindReadiness(async () => (await readiness()).ready)
  let closing = false

  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    const refused = loopback ? refusal(request.headers) : null
    if (refused !== null) return refuse(reply, refused)
    return closing ? refuse(reply, httpProblem('CLOSING', 'paysentry is being stopped')) : undefined
  })
  server.addHook('onSend', async (_request, reply) => {
    // A kept connection would keep `close` waiting for its idle time.
    if (closing) reply.header('connection', 'close')
  })
  server.setErrorHandler((error, _request, reply) => answerError(error, reply, options))
  server.setNotFoundHandler((request, reply) => {
    const offered = `GET /metrics, GET /livez, GET /readyz${options.submit ? ', POST /v1/events' : ''}`
    const events = request.url.startsWith('/v1/events') && options.submit === undefined
    const hint = events ? ' Events are taken over HTTP in embedded mode only: publish them to Kafka.' : ''
    return refuse(reply, httpProblem('NOT_FOUND', `There is only ${offered}.${hint}`))
  })

  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
  server.get('/livez', async (_request, reply) => {
    const live = options.isLive()
    return reply.code(live ? 200 : 503).send({ live })
  })
  server.get('/readyz', async (_request, reply) => {
    const report = await readiness()
    return reply.code(report.ready ? 200 : 503).send(report)
  })
  if (options.submit !== undefined) {
    addEventsRoute(server, {
      submit: options.submit,
      logger,
      bodyLimitBytes: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
      maxEvents: options.maxEvents ?? MAX_EVENTS,
      deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    })
  }

  return {
    async listen() {
      try {
        return await server.listen({ host, port })
      } catch (error) {
        const detail = `http.host and http.port: cannot listen on ${host}:${port}`
        throw new AppError('CONFIG_INVALID', detail, { cause: error })
      }
    },
    async close() {
      closing = true
      await server.close()
    },
  }
}

interface ReadinessReport {
  readonly ready: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly problem?: string }[]
}

/** The checks as the caller reads them; always answers, whatever the checks do. */
function createReadiness(options: HttpServerOptions): () => Promise<ReadinessReport> {
  const timeoutMs = options.readinessTimeoutMs ?? READINESS_TIMEOUT_MS
  return async () => {
    const { promise: late, resolve } = Promise.withResolvers<readonly ReadinessCheck[]>()
    const problem = `no answer within ${timeoutMs} ms`
    const timer = setTimeout(() => resolve([{ name: 'readiness checks', problem }]), timeoutMs)
    const checks = await Promise.race([options.readiness(), late])
      .catch((error: unknown): ReadinessCheck[] => {
        options.logger.error({ err: error }, 'The readiness checks failed')
        return [{ name: 'readiness checks', problem: 'failed; the log says why' }]
      })
      .finally(() => clearTimeout(timer))
    return {
      ready: checks.every((check) => check.problem === null),
      checks: checks.map(({ name, problem }) =>
        problem === null ? { name, ok: true } : { name, ok: false, problem },
      ),
    }
  }
}

function answerError(error: unknown, reply: FastifyReply, options: HttpServerOptions): FastifyReply {
  const { code, statusCode } = errorFacts(error)
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const limit = options.bodyLimitBytes ?? BODY_LIMIT_BYTES
    return refuse(
      reply,
      httpProblem('BODY_TOO_LARGE', `The body is larger than ${limit} bytes. Send the events in parts.`),
    )
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return refuse(reply, httpProblem('REQUEST_INVALID', 'The request is not valid HTTP for this endpoint'))
  }
  options.logger.error({ err: error }, 'An HTTP request failed')
  return refuse(reply, httpProblem('UNEXPECTED', 'A defect in paysentry; its log says more'))
}

function errorFacts(error: unknown): { code: unknown; statusCode: number | undefined } {
  if (!(error instanceof Error)) return { code: undefined, statusCode: undefined }
  const statusCode: unknown = Reflect.get(error, 'statusCode')
  return {
    code: Reflect.get(error, 'code'),
    statusCode: typeof statusCode === 'number' ? statusCode : undefined,
  }
}
