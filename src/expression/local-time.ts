// Time of day and weekday where somebody is, by the time zone that the event names or else by the country: known when all
// zones of the country have the same time. Zones and their history are those of the runtime's ICU data.

export interface Place {
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone?: string | undefined
  /** ISO 3166-1 alpha-2. */
  readonly country?: string | undefined
}

/** Epoch milliseconds plus the offset of the place's time, so that UTC's arithmetic gives local time; NaN when unknown. */
export type LocalClock = (place: Place | undefined, timeMs: number) => number

interface Zone {
  /** Null for a name that is no time zone. */
  readonly format: Intl.DateTimeFormat | null
  quarter: number
  offsetMs: number
}

/** Offsets change at full quarters of an hour. */
const QUARTER_MS = 900_000
/** There are about 600 names; publishers can write others, which must not fill the memory. */
const MOST_NAMES = 2_000

/** A clock that remembers each zone's offset at its latest quarter of an hour. It never throws. */
export function createLocalClock(): LocalClock {
  const zones = new Map<string, Zone>()
  const countries = new Map<string, readonly string[]>()

  function offsetOf(name: string, timeMs: number): number {
    let zone = zones.get(name)
    if (zone === undefined) {
      if (zones.size >= MOST_NAMES) zones.clear()
      zone = { format: formatFor(name), quarter: Number.NaN, offsetMs: Number.NaN }
      zones.set(name, zone)
    }
    const quarter = Math.floor(timeMs / QUARTER_MS)
    if (zone.format !== null && zone.quarter !== quarter) {
      zone.quarter = quarter
      zone.offsetMs = offsetAt(zone.format, timeMs)
    }
    return zone.offsetMs
  }

  function zonesOf(country: string): readonly string[] {
    const known = countries.get(country)
    if (known !== undefined) return known
    const locale = /^[A-Z]{2}$/.test(country) ? new Intl.Locale(`und-${country}`) : null
    const names = locale !== null && hasTimeZones(locale) ? (locale.getTimeZones() ?? []) : []
    if (countries.size < MOST_NAMES) countries.set(country, names)
    return names
  }

  return (place, timeMs) => {
    if (place?.timeZone !== undefined) return timeMs + offsetOf(place.timeZone, timeMs)
    const [first, ...others] = place?.country === undefined ? [] : zonesOf(place.country)
    if (first === undefined) return Number.NaN
    const offsetMs = offsetOf(first, timeMs)
    return others.every((name) => offsetOf(name, timeMs) === offsetMs) ? timeMs + offsetMs : Number.NaN
  }
}

/** A method of ECMA-402's Locale Info proposal, which the type library does not know yet. */
function hasTimeZones(
  locale: Intl.Locale,
): locale is Intl.Locale & { getTimeZones(): readonly string[] | undefined } {
  return 'getTimeZones' in locale
}

function formatFor(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** From `GMT+05:30`, `GMT-00:01:15` or `GMT`. */
function offsetAt(format: Intl.DateTimeFormat, timeMs: number): number {
  const name = format.formatToParts(timeMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes, seconds = '0'] = /^GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(name) ?? []
  if (sign === undefined) return 0
  const offsetMs = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
  return sign === '-' ? -offsetMs : offsetMs
}
