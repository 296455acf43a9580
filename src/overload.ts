// When events wait too long, labels give way. This is the pure part: from how long events wait to how much labels give way.
//
// Two thresholds: labels give way when an event has waited for `highWaitMs`, and get more again only when all have waited for
// less than `lowWaitMs` for a while; between the two all stays as it is. With one threshold a load that stands at it would switch
// at every reading (hysteresis: O. H. Schmitt, A thermionic trigger, J. Sci. Instrum. 15, 1938). Two thresholds alone do not help
// when the labels themselves are what is too much: set free at once, their backlog brings the overload back. So they come back
// in steps, the last one when their backlog is gone or after a long calm, and if overload comes back soon the next calm must last twice as long
// (as routes that flap are damped: RFC 2439).
//
// Labels never starve: at level n a batch of labels has its turn after 2^n - 1 batches of events, and after a time in any case.

/** Labels give way at most this far: one batch in 16. */
export const MOST = 4
const FIRST_CALM_MS = 1_000
const LONGEST_CALM_MS = 60_000
/** Overload that comes back within so many of its calm times comes back soon. */
const SOON = 8
/** The last step waits for the backlog of labels for so many calm times. */
const PATIENCE = 16
/** At level n labels have a turn after this times 2^n at the latest. */
const TURN_MS = 50

export interface Marks {
  readonly highWaitMs: number
  readonly lowWaitMs: number
}

export interface Load {
  /** 0: labels go with the events. Above: how far they give way. */
  readonly level: number
  /** When the level became 0, or ceased to be it, epoch milliseconds. */
  readonly sinceMs: number
  /** Since when events have waited for less than the low mark; null while they do not. Epoch milliseconds. */
  readonly calmSinceMs: number | null
  /** How long that must last for the next step. */
  readonly calmMs: number
}

export const NO_LOAD: Load = Object.freeze({
  level: 0,
  sinceMs: Number.NEGATIVE_INFINITY,
  calmSinceMs: null,
  calmMs: FIRST_CALM_MS,
})

export interface Reading {
  /** How long the event has waited that has waited for longest. */
  readonly waitMs: number
  /** Labels wait, as far as is known. */
  readonly labelsWait: boolean
  readonly nowMs: number
}

/** Marks for a deadline, so that labels give way before it is missed. */
export function marksFor(deadlineMs: number): Marks {
  return { highWaitMs: deadlineMs * 0.8, lowWaitMs: deadlineMs * 0.4 }
}

/** The load after a reading; the same object when nothing has changed. */
export function nextLoad(load: Load, { waitMs, labelsWait, nowMs }: Reading, marks: Marks): Load {
  if (waitMs >= marks.highWaitMs) return overloaded(load, nowMs)
  if (load.level === 0) return load
  if (waitMs >= marks.lowWaitMs) return load.calmSinceMs === null ? load : { ...load, calmSinceMs: null }
  if (load.calmSinceMs === null) return { ...load, calmSinceMs: nowMs }
  const calmForMs = nowMs - load.calmSinceMs
  if (calmForMs < load.calmMs) return load
  if (load.level > 1) return { ...load, level: load.level - 1, calmSinceMs: nowMs }
  if (labelsWait && calmForMs < PATIENCE * load.calmMs) return load
  return { ...load, level: 0, sinceMs: nowMs, calmSinceMs: null }
}

function overloaded(load: Load, nowMs: number): Load {
  const { level, calmMs, sinceMs } = load
  if (level === MOST) return load.calmSinceMs === null ? load : { ...load, calmSinceMs: null }
  const longer = Math.min(2 * calmMs, LONGEST_CALM_MS)
  // On the way back it is soon by itself.
  if (level > 0) return { ...load, level: MOST, calmSinceMs: null, calmMs: longer }
  const isSoon = nowMs - sinceMs < SOON * calmMs
  return { level: MOST, sinceMs: nowMs, calmSinceMs: null, calmMs: isSoon ? longer : FIRST_CALM_MS }
}

/** Whether labels have their turn, `eventBatches` and `passedMs` after the one before. */
export function isTurn({ level }: Load, eventBatches: number, passedMs: number): boolean {
  return eventBatches >= 2 ** level - 1 || passedMs >= TURN_MS * 2 ** level
}
