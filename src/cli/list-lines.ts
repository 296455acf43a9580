// Lines of a file of list entries: `value` or `value,expires,reason`. Every bad line is reported, and none hides another.
import { parseDuration } from '../rules/duration.ts'
import type { ListKind } from '../rules/lists.ts'

export interface ListLine {
  readonly value: string
  /** RFC 3339; null for never, undefined when the line says nothing. */
  readonly expires: string | null | undefined
  /** Undefined when the line says nothing. */
  readonly reason: string | undefined
}

export type ListLineResult = ListLine | { readonly problem: string }

const KINDS: Partial<Record<ListKind, { readonly pattern: RegExp; readonly what: string }>> = {
  bin: { pattern: /^\d{6,8}$/, what: '6 to 8 digits' },
  mcc: { pattern: /^\d{4}$/, what: 'four digits' },
  country: { pattern: /^[A-Za-z]{2}$/, what: 'two letters of ISO 3166' },
}

/** One line, without its line end; null for an empty line, a comment (#) or the heading `value,…`. */
export function parseListLine(line: string, holds: ListKind, nowMs: number): ListLineResult | null {
  const text = line.trim()
  if (text === '' || text.startsWith('#') || /^value(,|$)/i.test(text)) return null
  const fields = splitCsv(text)
  if (fields === null) return { problem: 'a quote is not closed' }
  if (fields.length > 3) return { problem: `has ${fields.length} fields; it may have value, expires, reason` }
  const [value = '', expires = '', reason = ''] = fields
  const problem = valueProblem(value, holds)
  if (problem !== null) return { problem }
  const until = expires === '' ? undefined : parseExpiry(expires, nowMs)
  if (typeof until === 'object' && until !== null) return until
  return { value, expires: until, reason: reason === '' ? undefined : reason }
}

/** What is wrong with a value of this kind, without repeating it; null when it is fine. */
export function valueProblem(value: string, holds: ListKind): string | null {
  if (value.trim() === '') return 'the value is empty'
  if (value.length > 256) return `the value has ${value.length} characters; 256 are allowed`
  const kind = KINDS[holds]
  return kind === undefined || kind.pattern.test(value.trim())
    ? null
    : `the value is no ${holds}: it must be ${kind.what}`
}

/** `never`, a time in RFC 3339, a day such as 2026-06-01 (its first instant in UTC), or a length of time from now such as 90d. */
export function parseExpiry(text: string, nowMs: number): string | null | { readonly problem: string } {
  if (text === 'never') return null
  const lengthMs = parseDuration(text)
  if (lengthMs !== null) return new Date(nowMs + lengthMs).toISOString()
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const timeMs = isTime ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(timeMs)) return new Date(timeMs).toISOString()
  return { problem: `"${text}" is no time: write 2026-06-01, 2026-06-01T12:00:00Z, 90d or never` }
}

/** Fields between commas, quoted ones without their quotes (RFC 4180); null when a quote is not closed. */
function splitCsv(line: string): string[] | null {
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i)
    if (quoted && char === '"' && line.charAt(i + 1) === '"') {
      field += char
      i++
    } else if (char === '"' && (quoted || field.trim() === '')) {
      quoted = !quoted
    } else if (char === ',' && !quoted) {
      fields.push(field.trim())
      field = ''
    } else {
      field += char
    }
  }
  return quoted ? null : [...fields, field.trim()]
}
