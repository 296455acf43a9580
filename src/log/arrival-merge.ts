// Partitions brought into one order of arrival, as a single reader at the time would have seen them.
import type { LogRecord } from './event-log.ts'

/** One partition's records, a piece at a time. */
export interface Lane {
  /** The next records, at least one; null behind the last. */
  more(): Promise<readonly LogRecord[] | null>
}

const PIECE_RECORDS = 1_000

interface Head {
  readonly lane: Lane
  piece: readonly LogRecord[]
  at: number
}

/**
 * The records of all lanes by broker timestamp; at the same millisecond those of the earlier lane first. Records of one lane keep
 * their order whatever their timestamps. Holds one piece of each lane.
 */
export async function* mergeArrivals(lanes: readonly Lane[]): AsyncGenerator<readonly LogRecord[]> {
  const heads: Head[] = []
  for (const lane of lanes) {
    const piece = await lane.more()
    if (piece !== null) heads.push({ lane, piece, at: 0 })
  }
  let merged: LogRecord[] = []
  for (let head = earliest(heads); head !== undefined; head = earliest(heads)) {
    const record = head.piece[head.at++]
    if (record !== undefined) merged.push(record)
    if (head.at >= head.piece.length) {
      const piece = await head.lane.more()
      if (piece === null) heads.splice(heads.indexOf(head), 1)
      else {
        head.piece = piece
        head.at = 0
      }
    }
    if (merged.length < PIECE_RECORDS) continue
    yield merged
    merged = []
  }
  if (merged.length > 0) yield merged
}

/** A lane of records that are there. */
export function laneOf(records: readonly LogRecord[]): Lane {
  let left = records
  return {
    async more() {
      const piece = left
      left = []
      return piece.length === 0 ? null : piece
    },
  }
}

function earliest(heads: readonly Head[]): Head | undefined {
  let first: Head | undefined
  let firstMs = Number.POSITIVE_INFINITY
  for (const head of heads) {
    const timestampMs = head.piece[head.at]?.timestampMs ?? Number.NEGATIVE_INFINITY
    if (first !== undefined && timestampMs >= firstMs) continue
    first = head
    firstMs = timestampMs
  }
  return first
}
