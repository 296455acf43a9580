// POST /v1/events over real connections: raw bytes in, decisions out, and an answer that helps whenever it is no.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../src/errors.ts'
import type { IntakeResult } from '../../src/intake.ts'
import { startServer } from './http-support.ts'

/** Takes every event and tells which bytes it got; one with `"bad"` in it is rejected. */
function recordingIntake() {
  const taken: string[] = []
  const submit = (values: readonly Buffer[]): Promise<IntakeResult[]> => {
    const first = taken.length
    taken.push(...values.map(String))
    return Promise.resolve(
      values.map((value, index) =>
        value.includes('"bad"')
          ? { rejected: { code: 'EVENT_INVALID' as const, message: 'amount is missing' } }
          : { decision: `{"n":${first + index},"score":1.0}` },
      ),
    )
  }
  return { taken, submit }
}

const JSON_TYPE = 'application/json'
const LINES_TYPE = 'application/x-ndjson'

async function post(url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(`${url}/v1/events`, { method: 'POST', body, headers })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}
const postAs = (url: string, type: string, body: string) => post(url, body, { 'content-type': type })

describe('events over HTTP', () => {
  it('answers one event with its decision, exactly as published', async () => {
    const { submit, taken } = recordingIntake()
    const { url } = await startServer({ submit })
    const event = '{"id": "e1",  "amount": 1.0, "note":"\\u00e9 ü"}'
    const answer = await postAs(url, JSON_TYPE, ` ${event}\n`)
    expect(answer).toEqual({
      status: 200,
      type: 'application/json; charset=utf-8',
      text: '{"n":0,"score":1.0}\n',
    })
    expect(taken).toEqual([event])
  })

  it('hands bytes on that are not valid UTF-8, for the decode stage to reject', async () => {
    const got: Buffer[] = []
    const submit = (values: readonly Buffer[]) => {
      got.push(...values)
      return Promise.resolve([{ decision: '{}' }])
    }
    const { url } = await startServer({ submit })
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
    await post(url, body, { 'content-type': JSON_TYPE })
    expect(got).toEqual([Buffer.from(body)])
  })

  it('answers an array with an array in the same order, a rejected element with its error', async () => {
    const { submit, taken } = recordingIntake()
    const { url } = await startServer({ submit })
    const answer = await postAs(url, JSON_TYPE, '[ {"id":"a"} ,\n{"id":"bad"},{"id":"],["}]')
    expect(answer.status).toBe(200)
    expect(answer.text).toBe(
      '[{"n":0,"score":1.0},{"error":{"code":"EVENT_INVALID","message":"amount is missing"}},{"n":2,"score":1.0}]\n',
    )
    expect(taken).toEqual(['{"id":"a"}', '{"id":"bad"}', '{"id":"],["}'])
    expect((await postAs(url, JSON_TYPE, '[{"id":"a"}]')).text).toBe('[{"n":3,"score":1.0}]\n')
    expect((await postAs(url, JSON_TYPE, '[]')).text).toBe('[]\n')
  })

  it('answers NDJSON with NDJSON, one line too', async () => {
    const { submit } = recordingIntake()
    const { url } = await startServer({ submit })
    expect(await postAs(url, LINES_TYPE, '{"id":"a"}\r\n\n{"id":"bad"}\n')).toEqual({
      status: 200,
      type: 'application/x-ndjson; charset=utf-8',
      text: '{"n":0,"score":1.0}\n{"error":{"code":"EVENT_INVALID","message":"amount is missing"}}\n',
    })
    expect((await postAs(url, LINES_TYPE, '{"id":"c"}')).text).toBe('{"n":2,"score":1.0}\n')
  })

  it('gives a rejected single event 422 with its code', async () => {
    const { url } = await startServer({ submit: recordingIntake().submit })
    const answer = await postAs(url, JSON_TYPE, '{"id":"bad"}')
    expect(answer.status).toBe(422)
    expect(JSON.parse(answer.text)).toEqual({ code: 'EVENT_INVALID', message: 'amount is missing' })
  })

  it('takes what plain curl sends, from an argument and from a file', async () => {
    const { submit, taken } = recordingIntake()
    const { url } = await startServer({ submit })
    const folder = mkdtempSync(join(tmpdir(), 'paysentry-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'events.ndjson')
    writeFileSync(file, '{"id":"1"}\n{"id":"2"}\n')
    const curl = promisify(execFile)
    expect((await curl('curl', ['-s', `${url}/v1/events`, '-d', '{"id":"0"}'])).stdout).toBe(
      '{"n":0,"score":1.0}\n',
    )
    const lines = await curl('curl', ['-s', `${url}/v1/events`, '-d', `@${file}`])
    expect(lines.stdout.split('\n')).toHaveLength(3)
    expect(taken).toEqual(['{"id":"0"}', '{"id":"1"}', '{"id":"2"}'])
  })

  it.each(['application/xml', 'text/plain', 'multipart/form-data'])(
    'says how to send JSON to %s',
    async (type) => {
      const { submit, taken } = recordingIntake()
      const { url } = await startServer({ submit })
      const answer = await postAs(url, type, '{"id":"a"}')
      expect(answer.status).toBe(415)
      expect(JSON.parse(answer.text)).toEqual({
        code: 'CONTENT_TYPE_UNKNOWN',
        message: `the content type "${type}" is not taken. Send JSON as application/json or application/x-ndjson:\ncurl ${url}/v1/events -H 'content-type: application/json' --data-binary @event.json`,
      })
      expect(taken).toEqual([])
    },
  )

  it('does not guess at compressed bodies', async () => {
    const { url } = await startServer({ submit: recordingIntake().submit })
    const answer = await post(url, '{}', { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' })
    expect(answer.status).toBe(415)
    expect(answer.text).toContain('the content encoding \\"gzip\\" is not taken')
  })

  it('names the place where the body stops being JSON, and takes nothing of it', async () => {
    const { submit, taken } = recordingIntake()
    const { url } = await startServer({ submit })
    const answer = await postAs(url, LINES_TYPE, '{"id":"a"}\n{"id":"b",}\n')
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toEqual({
      code: 'BODY_NOT_JSON',
      message:
        'The body is not JSON: expected a name in double quotes at line 2, column 11 (byte 21). No event was taken.',
    })
    expect((await postAs(url, JSON_TYPE, '%7B%22id%22')).text).toContain('use --data-binary')
    expect(taken).toEqual([])
  })

  it('explains an empty body', async () => {
    const { url } = await startServer({ submit: recordingIntake().submit })
    const answer = await postAs(url, JSON_TYPE, ' \n')
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('BODY_EMPTY')
    expect((await fetch(`${url}/v1/events`, { method: 'POST' })).status).toBe(400)
  })

  it('takes 1,000 events at once and explains that 1,001 are too many', async () => {
    const { submit, taken } = recordingIntake()
    const { url } = await startServer({ submit })
    const events = (count: number) =>
      `[${Array.from({ length: count }, (_, i) => `{"id":"${i}"}`).join(',')}]`
    expect((await postAs(url, JSON_TYPE, events(1_000))).status).toBe(200)
    const answer = await postAs(url, JSON_TYPE, events(1_001))
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.text)).toEqual({
      code: 'TOO_MANY_EVENTS',
      message: 'The body holds 1001 events; at most 1000 are taken at once. Send them in parts.',
    })
    expect(taken).toHaveLength(1_000)
  })

  it('explains that a body is too large', async () => {
    const { url } = await startServer({ submit: recordingIntake().submit, bodyLimitBytes: 1_024 })
    const answer = await postAs(url, JSON_TYPE, `{"id":"${'x'.repeat(2_000)}"}`)
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.text)).toEqual({
      code: 'BODY_TOO_LARGE',
      message: 'The body is larger than 1024 bytes. Send the events in parts.',
    })
  })

  it('gives 504 when no decision comes in time', async () => {
    const { url } = await startServer({ submit: () => new Promise(() => {}), deadlineMs: 20 })
    const answer = await postAs(url, JSON_TYPE, '{"id":"a"}')
    expect(answer.status).toBe(504)
    expect(answer.text).toContain('No decision within 20 ms')
  })

  it('tells a passing fault from a defect, and shows neither its details', async () => {
    let thrown: Error = new AppError('STORE_UNAVAILABLE', 'redis at 10.1.2.3')
    const { url, logLines } = await startServer({ submit: () => Promise.reject(thrown) })
    const passing = await postAs(url, JSON_TYPE, '{}')
    expect(passing.status).toBe(503)
    thrown = new Error('inner secret')
    const defect = await postAs(url, JSON_TYPE, '{}')
    expect(defect.status).toBe(500)
    expect(passing.text + defect.text).not.toMatch(/10\.1\.2\.3|inner secret/)
    expect(logLines.join('')).toContain('inner secret')
  })

  it('is not offered without an intake', async () => {
    const { url } = await startServer()
    const answer = await postAs(url, JSON_TYPE, '{"id":"a"}')
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('publish them to Kafka')
  })

  it('takes nothing from a web page of another origin', async () => {
    const { submit, taken } = recordingIntake()
    const { url } = await startServer({ submit })
    const answer = await post(url, '{}', { 'content-type': JSON_TYPE, origin: 'http://evil.example' })
    expect(answer.status).toBe(403)
    expect(taken).toEqual([])
  })

  it('answers what is in hand when it is closed, and what comes then with 503', async () => {
    const begun = Promise.withResolvers<void>()
    const decided = Promise.withResolvers<IntakeResult[]>()
    const { server, port } = await startServer({
      submit: () => {
        begun.resolve()
        return decided.promise
      },
    })
    const head = 'POST /v1/events HTTP/1.1\r\nhost: localhost\r\n'
    const late = await open(port)
    late.socket.write(head)
    const inHand = await open(port)
    inHand.socket.write(`${head}content-length: 2\r\n\r\n{}`)
    await begun.promise
    const closed = server.close()
    late.socket.write('content-length: 2\r\n\r\n{}')
    const refused = await late.received
    decided.resolve([{ decision: '{"n":1}' }])
    const answered = await inHand.received
    await closed
    expect(refused).toMatch(/^HTTP\/1\.1 503 /)
    expect(refused).toContain('{"code":"CLOSING","message":"paysentry is being stopped"}')
    expect(answered).toMatch(/^HTTP\/1\.1 200 /)
    expect(answered).toContain('{"n":1}')
  })
})

/** A raw connection, and all that comes over it until the other side ends it. */
async function open(port: number): Promise<{ socket: Socket; received: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  return { socket, received: once(socket, 'end').then(() => Buffer.concat(parts).toString()) }
}
