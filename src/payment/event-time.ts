// Event times: RFC 3339 text to epoch milliseconds.
// The shape is the schema's; here it is decided whether such a time exists, and which instant it is.

/** RFC 3339 `date-time` (section 5.6) with at most nanoseconds: more digits are no clock's. */
export const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Before this no event time is believed: it is a clock that was never set. */
const EARLIEST_MS = Date.UTC(2000, 0, 1)
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * Epoch milliseconds of a text of the shape RFC_3339, fractions cut to whole milliseconds; NaN when there is no such time,
 * or when it lies before 2000. A leap second (23:59:60 UTC at the end of June or December) is the second that follows
 * it, as in POSIX time.
 */
export function parseEventTime(text: string): number {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  const hour = digits(text, 11, 13)
  const minute = digits(text, 14, 16)
  const second = digits(text, 17, 19)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN
  const offsetMs = offsetOf(text)
  const wholeSecondMs = Date.UTC(year, month - 1, day, hour, minute, second) - offsetMs
  if (second === 60 && !isLeapSecondEnd(wholeSecondMs)) return Number.NaN
  const timeMs = wholeSecondMs + fractionMs(text)
  return timeMs >= EARLIEST_MS ? timeMs : Number.NaN
}

/** True for a day that exists, written `2026-03-01`. */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const month = digits(text, 5, 7)
  const day = digits(text, 8, 10)
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(digits(text, 0, 4), month)
}

/** The number that the digits from `start` up to `end` make. */
function digits(text: string, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + text.charCodeAt(at) - 48
  return value
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** NaN for an offset that does not exist. */
function offsetOf(text: string): number {
  const last = text.charCodeAt(text.length - 1)
  if (last === 90 || last === 122) return 0
  const start = text.length - 6
  const hours = digits(text, start + 1, start + 3)
  const minutes = digits(text, start + 4, start + 6)
  if (hours > 23 || minutes > 59) return Number.NaN
  return (text.charCodeAt(start) === 45 ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS
}

function fractionMs(text: string): number {
  if (text.charCodeAt(19) !== 46) return 0
  let value = 0
  for (let at = 20, unit = 100; unit >= 1; at++, unit /= 10) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return value
    value += digit * unit
  }
  return value
}

/** The instant after a leap second is midnight UTC on 1 January or 1 July. */
function isLeapSecondEnd(timeMs: number): boolean {
  if (Number.isNaN(timeMs) || timeMs % DAY_MS !== 0) return false
  const date = new Date(timeMs)
  return date.getUTCDate() === 1 && (date.getUTCMonth() === 0 || date.getUTCMonth() === 6)
}
