// When people pay: a daily and a weekly curve in the payer's own time, and the seasons of the year.

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** Relative activity in each local hour, 1 at the busiest. */
const BY_HOUR = [
  0.1, 0.06, 0.04, 0.03, 0.04, 0.08, 0.2, 0.42, 0.6, 0.7, 0.76, 0.85, 0.98, 0.9, 0.8, 0.8, 0.87, 0.98, 1, 0.9,
  0.72, 0.56, 0.36, 0.2,
] as const
/** Relative activity from Sunday to Saturday. */
const BY_DAY = [0.72, 0.86, 0.86, 0.88, 0.92, 1, 0.98] as const

export function localHour(atMs: number, utcOffsetHours: number): number {
  return Math.floor(atMs / HOUR_MS + utcOffsetHours) % 24
}

/** Relative activity in the middle of each month: quiet after New Year, busiest before Christmas. */
const BY_MONTH = [0.84, 0.83, 0.87, 0.9, 0.91, 0.92, 0.93, 0.9, 0.89, 0.91, 0.96, 1] as const
const YEAR_MS = 365.2425 * DAY_MS

/** Activity of the season, in (0, 1], straight between the middles of months. */
export function seasonAt(atMs: number): number {
  const months = ((atMs % YEAR_MS) / YEAR_MS) * 12 + 11.5
  const before = Math.floor(months)
  const part = months - before
  return (BY_MONTH[before % 12] ?? 1) * (1 - part) + (BY_MONTH[(before + 1) % 12] ?? 1) * part
}

/** Times the usual price of what people give to each other: more from 20 November to Christmas Eve. */
export function giftsAt(atMs: number): number {
  const day = (atMs % YEAR_MS) / DAY_MS
  return day >= 323 && day < 358 ? 1.3 : 1
}

/** Times the usual chance that a trip begins: people travel in July and August. */
export function travelAt(atMs: number): number {
  const day = (atMs % YEAR_MS) / DAY_MS
  return day >= 181 && day < 243 ? 2.2 : 0.8
}

/** Activity at a time of the week, in (0, 1]. */
export function activityAt(atMs: number, utcOffsetHours: number): number {
  const hours = Math.floor(atMs / HOUR_MS + utcOffsetHours)
  // 1 January 1970 was a Thursday, day 4 from Sunday.
  const day = (Math.floor(hours / 24) + 4) % 7
  return (BY_HOUR[hours % 24] ?? 1) * (BY_DAY[day] ?? 1)
}

/** The mean of `activityAt` over a week. */
export const MEAN_ACTIVITY = (sum(BY_HOUR) / BY_HOUR.length) * (sum(BY_DAY) / BY_DAY.length)

/** The mean of `seasonAt` over a year. */
export const MEAN_SEASON = sum(BY_MONTH) / BY_MONTH.length

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
