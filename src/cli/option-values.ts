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
