// Where windows begin and end. Up to the exact horizon to the millisecond; an older edge lies on a grid whose step is a power of
// two, so that coarser grids are parts of finer ones and no edge that can still be asked for cuts a bucket (coalesce.ts).

export interface Horizons {
  /** Edges of windows up to this old are exact, milliseconds. */
  readonly exactHorizonMs: number
  /** Records may come this much behind the newest one of their journal, milliseconds. */
  readonly allowedLatenessMs: number
  /** The longest window, milliseconds. */
  readonly retentionMs: number
}

/** The largest power of two of milliseconds that is at most 1 % of the age; 0 below 100 ms. */
export function gridStep(ageMs: number): number {
  return ageMs < 100 ? 0 : 2 ** Math.floor(Math.log2(ageMs / 100))
}

/** The edge `ageMs` before `timeMs`, rounded down to its grid when it is older than the exact horizon. */
export function edgeAt(timeMs: number, ageMs: number, exactHorizonMs: number): number {
  const edge = timeMs - ageMs
  if (ageMs <= exactHorizonMs) return edge
  const step = gridStep(ageMs)
  return step === 0 ? edge : Math.floor(edge / step) * step
}

/** No window of an event that is not late reaches what lies at or before this, given the journal's newest time. */
export function reachableFrom(
  newestMs: number,
  { allowedLatenessMs, retentionMs, exactHorizonMs }: Horizons,
): number {
  return edgeAt(newestMs - allowedLatenessMs, retentionMs, exactHorizonMs)
}
