// Times as data sets write them → epoch milliseconds.
import { parseEventTime, RFC_3339 } from '../payment/event-time.ts'
import type { Mapping } from './mapping.ts'

type TimeMapping = Mapping['time']
const UNITS_MS: Readonly<Record<string, number>> = {
  'epoch-seconds': 1_000,
  'epoch-milliseconds': 1,
  seconds: 1_000,
}
const PARTS = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss'] as const

/** Returns a reader of this time format: epoch milliseconds, NaN for a text that is no such time. */
export function createTimeReader({ format, from, zone }: TimeMapping): (text: string) => number {
  const unitMs = UNITS_MS[format]
  if (unitMs !== undefined) {
    const startMs = format === 'seconds' ? Date.parse(from ?? '') : 0
    return (text) => (text.trim() === '' ? Number.NaN : startMs + Math.round(Number(text) * unitMs))
  }
  if (format === 'rfc3339') return readRfc3339
  const at = PARTS.map((part) => ({ part, index: format.indexOf(part) }))
  return (text) => {
    const digits = (part: (typeof PARTS)[number], otherwise: string): string => {
      const index = at.find((entry) => entry.part === part)?.index ?? -1
      return index < 0 ? otherwise : text.slice(index, index + part.length)
    }
    if (text.length !== format.length) return Number.NaN
    const date = `${digits('yyyy', '')}-${digits('MM', '01')}-${digits('dd', '01')}`
    const time = `${digits('HH', '00')}:${digits('mm', '00')}:${digits('ss', '00')}`
    return readRfc3339(`${date}T${time}${zone}`)
  }
}

function readRfc3339(text: string): number {
  return RFC_3339.test(text) ? parseEventTime(text) : Number.NaN
}
