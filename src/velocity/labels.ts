// The labels of one journal. Of several for one event the one with the greatest (time, label id) counts, alone, whatever order
// they came in: so a label before its payment, twice, or corrected later ends in the same state.
import {
  readIdHigh,
  readIdLow,
  readKind,
  readLabelledHigh,
  readLabelledLow,
  readLabelledTimeMs,
  readTimeMs,
} from './journal-codec.ts'
import { keyOf } from './rows.ts'

export interface Label {
  readonly ordinal: number
  /** When it became known, epoch milliseconds. */
  readonly timeMs: number
  readonly kind: number
  /** Time of the labelled event, epoch milliseconds. */
  readonly eventMs: number
  readonly idLow: number
  readonly idHigh: number
  /** The labelled event. */
  readonly of: string
}

export interface Labels {
  /** The one that counts, by labelled event. */
  readonly current: Map<string, Label>
  /** Every one in journal order, for windows as of an earlier record. */
  readonly all: Label[]
}

/** Kinds of the rows that stand for labels at the labelled event's time; never stored. */
export const atEventTime = (kind: number): number => kind + 8

export function readLabel(view: DataView, at: number, ordinal: number): Label {
  return {
    ordinal,
    timeMs: readTimeMs(view, at),
    kind: readKind(view, at),
    eventMs: readLabelledTimeMs(view, at),
    idLow: readIdLow(view, at),
    idHigh: readIdHigh(view, at),
    of: `${readLabelledHigh(view, at).toString(36)}.${readLabelledLow(view, at).toString(36)}`,
  }
}

/** Whether `a` counts before `b`, of two labels for one event. */
export function isLater(a: Label, b: Label): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs > b.timeMs
  return a.idHigh === b.idHigh ? a.idLow > b.idLow : a.idHigh > b.idHigh
}

/** The labels that counted when the record `ordinal` was the newest. */
export function labelsUpTo({ all }: Labels, ordinal: number): Label[] {
  const current = new Map<string, Label>()
  for (const label of all) {
    if (label.ordinal > ordinal) break
    const known = current.get(label.of)
    if (known === undefined || isLater(label, known)) current.set(label.of, label)
  }
  return [...current.values()]
}

/** By the time when it became known, and by the labelled event's. */
export function keysOfLabel({ kind, timeMs, eventMs }: Label): readonly [number, number] {
  return [keyOf(kind, timeMs), keyOf(atEventTime(kind), eventMs)]
}
