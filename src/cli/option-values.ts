// Values of command-line options, checked when the command line is read.
import { InvalidArgumentError } from 'commander'

/** A whole number from 0. */
export function whole(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It must be a whole number.')
  return value
}

/** A whole number from 1. */
export function positive(text: string): number {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.')
  return value
}

/** An RFC 3339 time, as epoch milliseconds. */
export function instant(text: string): number {
  const ms = Date.parse(text)
  if (/^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(ms)) return ms
  throw new InvalidArgumentError('It must be an RFC 3339 time, such as 2026-01-31T00:00:00Z.')
}
