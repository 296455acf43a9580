// POST /v1/events: events in, their decisions out, for trying the product without Kafka.
// Each event's bytes reach the intake unchanged. A body is taken as a whole or refused as a whole; events within it
// are decided or rejected one by one.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { toAppError } from '../errors.ts'
import type { IntakeResult } from '../intake.ts'
import { type BodyProblem, splitEventBody } from './event-body.ts'
import { HTTP_PROBLEMS, type HttpProblem, httpProblem } from './http-problem.ts'
import type { Logger } from './logger.ts'

/** Takes the raw JSON of events; resolves with their results in the same order. */
export type SubmitEvents = (values: readonly Buffer[]) => Promise<readonly IntakeResult[]>

export interface EventsRouteOptions {
  readonly submit: SubmitEvents
  readonly logger: Logger
  readonly bodyLimitBytes: number
  readonly maxEvents: number
  /** Longest wait for the decisions. */
  readonly deadlineMs: number
}

/** NDJSON has no registered type; these are in use. */
const LINE_TYPES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
])
/** `curl -d` sends the form type unless told otherwise; its body is taken for what it is. */
const JSON_TYPES = new Set(['', 'application/json', 'application/x-www-form-urlencoded'])

type Shape = 'one' | 'array' | 'lines'

export function addEventsRoute(server: FastifyInstance, options: EventsRouteOptions): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.post('/v1/events', { bodyLimit: options.bodyLimitBytes }, async (request, reply) => {
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
    const lines = LINE_TYPES.has(type)
    if (!lines && !JSON_TYPES.has(type))
      return refuse(reply, unknownType(request, `the content type "${type}"`))
    const encoding = request.headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity')
      return refuse(reply, unknownType(request, `the content encoding "${encoding}"`))

    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const split = splitEventBody(body, !lines)
    if ('message' in split) return refuse(reply, notJson(split, body))
    const { kind, events } = split
    if (events.length === 0 && kind === 'sequence') {
      return refuse(reply, httpProblem('BODY_EMPTY', `The request has no body. Try:\n${curlLine(request)}`))
    }
    if (events.length > options.maxEvents) {
      return refuse(
        reply,
        httpProblem(
          'TOO_MANY_EVENTS',
          `The body holds ${events.length} events; at most ${options.maxEvents} are taken at once. Send them in parts.`,
        ),
      )
    }
    const results = await submitInTime(options, events)
    if ('code' in results) return refuse(reply, results)
    const shape = kind === 'array' ? 'array' : lines || events.length > 1 ? 'lines' : 'one'
    return answer(reply, shape, results)
  })
}

/** Sends a problem under its status. */
export function refuse(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  if (problem.code === 'CLOSING' || problem.code === 'NOT_AVAILABLE') reply.header('retry-after', '1')
  return reply
    .code(HTTP_PROBLEMS[problem.code])
    .type('application/json; charset=utf-8')
    .send(`${JSON.stringify(problem)}\n`)
}

async function submitInTime(
  options: EventsRouteOptions,
  events: readonly Buffer[],
): Promise<readonly IntakeResult[] | HttpProblem> {
  if (events.length === 0) return []
  const { promise: deadline, resolve } = Promise.withResolvers<HttpProblem>()
  const timer = setTimeout(
    () =>
      resolve(
        httpProblem(
          'DEADLINE_EXCEEDED',
          `No decision within ${options.deadlineMs} ms. The events were taken and may still be decided; sending them again is safe.`,
        ),
      ),
    options.deadlineMs,
  )
  try {
    return await Promise.race([options.submit(events), deadline])
  } catch (thrown) {
    const error = toAppError(thrown)
    options.logger.error({ err: thrown }, 'Events that came over HTTP could not be taken')
    return ['degrade', 'retry', 'abandon'].includes(error.disposition)
      ? httpProblem('NOT_AVAILABLE', `The events were not taken: ${error.code}. Try again.`)
      : httpProblem('UNEXPECTED', `The events were not taken: ${error.code}. The log of paysentry says why.`)
  } finally {
    clearTimeout(timer)
  }
}

function answer(reply: FastifyReply, shape: Shape, results: readonly IntakeResult[]): FastifyReply {
  const [only] = results
  if (shape === 'one' && only !== undefined) {
    const rejected = 'rejected' in only
    const text = rejected ? JSON.stringify(only.rejected) : only.decision
    return reply
      .code(rejected ? 422 : 200)
      .type('application/json; charset=utf-8')
      .send(`${text}\n`)
  }
  const texts = results.map((result) =>
    'rejected' in result ? JSON.stringify({ error: result.rejected }) : result.decision,
  )
  return shape === 'lines'
    ? reply.type('application/x-ndjson; charset=utf-8').send(texts.map((text) => `${text}\n`).join(''))
    : reply.type('application/json; charset=utf-8').send(`[${texts.join(',')}]\n`)
}

function unknownType(request: FastifyRequest, what: string): HttpProblem {
  return httpProblem(
    'CONTENT_TYPE_UNKNOWN',
    `${what.slice(0, 120)} is not taken. Send JSON as application/json or application/x-ndjson:\n${curlLine(request)}`,
  )
}

function notJson(problem: BodyProblem, body: Buffer): HttpProblem {
  const where = `line ${problem.line}, column ${problem.column} (byte ${problem.byte})`
  const encoded = /^\s*%(?:7b|5b)/i.test(body.toString('latin1', 0, 64))
  const hint = encoded ? ' It is percent-encoded: use --data-binary, not --data-urlencode.' : ''
  return httpProblem(
    'BODY_NOT_JSON',
    `The body is not JSON: ${problem.message} at ${where}. No event was taken.${hint}`,
  )
}

/** A line that works as it is, for the address under which the caller reached us. */
function curlLine(request: FastifyRequest): string {
  return `curl http://${request.host}/v1/events -H 'content-type: application/json' --data-binary @event.json`
}
