// Keeps web pages away from an endpoint on the loopback address.
// A page can reach it under a name of its own that resolves to 127.0.0.1 (DNS rebinding): the Host header tells.
// It can also post to it across origins: the Origin header, which browsers always send then, tells.
import { type HttpProblem, httpProblem } from './http-problem.ts'

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

/** True for addresses that only this machine can reach. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** Why a request must not be answered, or null. */
export function refusal(headers: {
  readonly host?: string | undefined
  readonly origin?: string | undefined
}): HttpProblem | null {
  const host = headers.host?.toLowerCase() ?? ''
  if (!LOOPBACK_NAMES.has(host.replace(/:\d{1,5}$/, ''))) {
    return httpProblem(
      'HOST_REFUSED',
      'This endpoint is for this machine alone: call it as localhost, 127.0.0.1 or [::1]',
    )
  }
  if (headers.origin !== undefined && headers.origin.toLowerCase() !== `http://${host}`) {
    return httpProblem('ORIGIN_REFUSED', 'Web pages of another origin may not call this endpoint')
  }
  return null
}
