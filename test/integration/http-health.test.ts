// Metrics, liveness and readiness over real connections.
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../src/errors.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { startServer } from './http-support.ts'

describe('the endpoints for operations', () => {
  it('gives Prometheus its text with the content type that it negotiates', async () => {
    const { url } = await startServer()
    const response = await fetch(`${url}/metrics`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toContain('# TYPE paysentry_decisions_total counter\n')
  })

  it('says whether the process lives', async () => {
    let live = true
    const { url } = await startServer({ isLive: () => live })
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    live = false
    const response = await fetch(`${url}/livez`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ live: false })
  })

  it('names each readiness check, and why one fails', async () => {
    let redis: string | null = 'no reply for 2000 ms'
    const readiness = () =>
      Promise.resolve([
        { name: 'consumer group', problem: null },
        { name: 'redis', problem: redis },
      ])
    const { url } = await startServer({ readiness })
    const unready = await fetch(`${url}/readyz`)
    expect(unready.status).toBe(503)
    expect(await unready.json()).toEqual({
      ready: false,
      checks: [
        { name: 'consumer group', ok: true },
        { name: 'redis', ok: false, problem: 'no reply for 2000 ms' },
      ],
    })
    redis = null
    const ready = await fetch(`${url}/readyz`)
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({ ready: true })
  })

  it('tells Prometheus the same readiness', async () => {
    let problem: string | null = null
    const metrics = createMetrics({ alertsTopic: 'a', now: Date.now, processMetrics: false })
    const { url } = await startServer({ metrics, readiness: async () => [{ name: 'redis', problem }] })
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('\npaysentry_ready 1\n')
    problem = 'gone'
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('\npaysentry_ready 0\n')
  })

  it('is not ready when the checks hang or throw, and answers all the same', async () => {
    const hanging = await startServer({ readiness: () => new Promise(() => {}), readinessTimeoutMs: 20 })
    const late = await fetch(`${hanging.url}/readyz`)
    expect(late.status).toBe(503)
    expect(await late.json()).toMatchObject({ checks: [{ problem: 'no answer within 20 ms' }] })

    const failing = await startServer({ readiness: () => Promise.reject(new Error('defect')) })
    expect((await fetch(`${failing.url}/readyz`)).status).toBe(503)
    expect(failing.logLines.join('')).toContain('defect')
  })

  it('says what there is when asked for something else', async () => {
    const { url } = await startServer()
    const response = await fetch(`${url}/`)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      code: 'NOT_FOUND',
      message: 'There is only GET /metrics, GET /livez, GET /readyz.',
    })
  })

  it('names the setting when its port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    await expect(startServer({ port })).rejects.toThrow(
      /^The configuration is not usable: http\.host and http\.port: cannot listen on 127\.0\.0\.1:\d+$/,
    )
  })

  it('answers under any name where it listens for other machines', async () => {
    const { port } = await startServer({ host: '0.0.0.0' })
    expect(await statusFor(port, '/metrics', { host: 'paysentry-1.prod:9464' })).toBe(200)
  })

  it('answers under loopback names alone where it listens on a loopback address', async () => {
    const { port } = await startServer()
    for (const path of ['/metrics', '/livez', '/readyz', '/elsewhere']) {
      expect(await statusFor(port, path, { host: 'evil.example' })).toBe(403)
      expect(await statusFor(port, path, { origin: 'http://evil.example' })).toBe(403)
    }
    expect(await statusFor(port, '/livez', { host: `localhost:${port}` })).toBe(200)
  })

  it('refuses to take events on an address that others can reach', async () => {
    const start = startServer({ host: '0.0.0.0', submit: () => Promise.resolve([]) })
    await expect(start).rejects.toBeInstanceOf(AppError)
    await expect(start).rejects.toThrow(
      'events over HTTP need http.host to be a loopback address, not 0.0.0.0',
    )
  })
})

/** fetch does not let a caller choose the Host header. */
function statusFor(port: number, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}
