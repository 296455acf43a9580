// Positions on the earth in 32 bits, and the distance between two of them.
// 16 bits of latitude and 16 of longitude: off by at most 150 m and 310 m, which is finer than what an address or cell tells.

const STEPS = 0xffff
/** Mean radius of the earth in kilometres, IUGG. */
const EARTH_RADIUS_KM = 6_371.0088
const RADIANS = Math.PI / 180

/** The position as journals hold it: latitude in the upper half, longitude in the lower, each 1 to 65535. 0 is none. */
export function positionOf(latitude: number, longitude: number): number {
  return (step((latitude + 90) / 180) * 0x1_0000 + step((longitude + 180) / 360)) >>> 0
}

/** Great-circle distance in kilometres by the haversine formula; both positions known. */
export function distanceKm(a: number, b: number): number {
  const [latA, lonA] = [latitudeOf(a), longitudeOf(a)]
  const [latB, lonB] = [latitudeOf(b), longitudeOf(b)]
  const sinLat = Math.sin((latB - latA) / 2)
  const sinLon = Math.sin((lonB - lonA) / 2)
  const chord = sinLat * sinLat + Math.cos(latA) * Math.cos(latB) * sinLon * sinLon
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)))
}

function step(share: number): number {
  return 1 + Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))
}

function latitudeOf(position: number): number {
  return ((((position >>> 16) - 1) / (STEPS - 1)) * 180 - 90) * RADIANS
}

function longitudeOf(position: number): number {
  return ((((position & 0xffff) - 1) / (STEPS - 1)) * 360 - 180) * RADIANS
}
