// When people pay: a daily and a weekly curve in the payer's own time.

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

/** Activity at a time, in (0, 1]. */
export function activityAt(atMs: number, utcOffsetHours: number): number {
  const hours = Math.floor(atMs / HOUR_MS + utcOffsetHours)
  // 1 January 1970 was a Thursday, day 4 from Sunday.
  const day = (Math.floor(hours / 24) + 4) % 7
  return (BY_HOUR[hours % 24] ?? 1) * (BY_DAY[day] ?? 1)
}

/** The mean of `activityAt` over a week. */
export const MEAN_ACTIVITY = (sum(BY_HOUR) / BY_HOUR.length) * (sum(BY_DAY) / BY_DAY.length)

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
