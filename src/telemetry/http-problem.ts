// What the HTTP endpoints answer when they cannot do what was asked: status, code and a sentence that says what to do.

/** Status by code. The codes of single events (EVENT_INVALID …) are those of the error table; these are the protocol's. */
export const HTTP_PROBLEMS = {
  BODY_EMPTY: 400,
  BODY_NOT_JSON: 400,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  NOT_FOUND: 404,
  BODY_TOO_LARGE: 413,
  TOO_MANY_EVENTS: 413,
  CONTENT_TYPE_UNKNOWN: 415,
  REQUEST_INVALID: 400,
  UNEXPECTED: 500,
  CLOSING: 503,
  NOT_AVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const

export type HttpProblemCode = keyof typeof HTTP_PROBLEMS

/** What the caller reads. */
export interface HttpProblem {
  readonly code: HttpProblemCode
  readonly message: string
}

export function httpProblem(code: HttpProblemCode, message: string): HttpProblem {
  return { code, message }
}
