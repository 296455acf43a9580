// Windows by brute force over the raw bytes of a journal: the plainest code that can be held against the definition.
// Shares no code with src/velocity but names and slots, so that an error there is not repeated here.
import { COUNTERPARTS, type EntityType, RECORD_KINDS } from '../../../src/velocity/entity.ts'
import type { Hash64 } from '../../../src/velocity/pseudonym.ts'
import type { WindowSpec } from '../../../src/velocity/window.ts'

export interface RawRecord {
  readonly id: bigint
  readonly timeMs: number
  readonly kind: number
  /** Null when unknown. */
  readonly amount: number | null
  readonly counterparts: readonly number[]
}

/** Every record of the journal's bytes, repeated ids included. */
export function rawRecords(journal: Uint8Array): RawRecord[] {
  const buffer = Buffer.from(journal)
  return Array.from({ length: (buffer.length - 16) / 48 }, (_, number) => {
    const at = 16 + number * 48
    return {
      timeMs: buffer.readUIntLE(at, 6),
      kind: buffer.readUInt8(at + 6),
      amount: buffer.readUInt8(at + 7) === 1 ? null : buffer.readDoubleLE(at + 8),
      id: buffer.readBigUInt64LE(at + 16),
      counterparts: [24, 30, 36, 42].map((offset) => buffer.readUIntLE(at + offset, 6)),
    }
  })
}

export const idOf = ({ low, high }: Hash64): bigint => (BigInt(high) << 32n) | BigInt(low)

/** The records that count, in journal order: of those with the same id only the first. */
export function countedRecords(journal: Uint8Array): RawRecord[] {
  const seen = new Set<bigint>()
  return rawRecords(journal).filter(({ id }) => !seen.has(id) && seen.add(id))
}

interface Inside {
  readonly records: readonly RawRecord[]
  readonly amounts: readonly number[]
  readonly sum: number
}

/** The windows of one event over one journal as it stood when the event's first record came. */
export function createOracle(
  counted: readonly RawRecord[],
  type: EntityType,
  id: bigint,
  minorPerMajor: number,
): (spec: WindowSpec) => number {
  const end = counted.findIndex((record) => record.id === id)
  const own = counted[end]
  if (own === undefined) throw new Error('the journal has no record of the event')
  const ranges = new Map<string, Inside>()

  function recount({ kind, lengthMs }: WindowSpec): Inside {
    const records = counted
      .slice(0, end + 1)
      .filter((record) => record.kind === RECORD_KINDS[kind])
      .filter(({ timeMs }) => timeMs <= own!.timeMs && timeMs > own!.timeMs - lengthMs)
      .sort((a, b) => a.timeMs - b.timeMs)
    const amounts = records.flatMap(({ amount }) => (amount === null ? [] : [amount]))
    return { records, amounts, sum: Number(amounts.reduce((total, amount) => total + BigInt(amount), 0n)) }
  }

  return (spec) => {
    const range = `${spec.kind} ${spec.lengthMs}`
    const inside = ranges.get(range) ?? recount(spec)
    ranges.set(range, inside)
    return valueOf(spec, type, inside, own, minorPerMajor)
  }
}

function valueOf(
  spec: WindowSpec,
  type: EntityType,
  { records, amounts, sum }: Inside,
  own: RawRecord,
  minorPerMajor: number,
): number {
  const hasAmounts = amounts.length > 0
  switch (spec.fn) {
    case 'count':
      return records.length
    case 'sum':
      return sum / minorPerMajor
    case 'mean':
      return hasAmounts ? sum / (amounts.length * minorPerMajor) : Number.NaN
    case 'min':
      return hasAmounts ? Math.min(...amounts) / minorPerMajor : Number.NaN
    case 'max':
      return hasAmounts ? Math.max(...amounts) / minorPerMajor : Number.NaN
    case 'stddev': {
      const mean = sum / amounts.length
      const squares = amounts.reduce((total, amount) => total + (amount - mean) ** 2, 0)
      return amounts.length < 2 ? Number.NaN : Math.sqrt(squares / (amounts.length - 1)) / minorPerMajor
    }
    case 'distinct': {
      const slot = COUNTERPARTS[type].findIndex((counterpart) => counterpart === spec.counterpart)
      return new Set(records.map(({ counterparts }) => counterparts[slot]!).filter((hash) => hash !== 0)).size
    }
    case 'first_seen':
      return records.length === 0 ? Number.NaN : (own.timeMs - records[0]!.timeMs) / 1_000
    case 'last_seen': {
      const before = records.filter((record) => record !== own).at(-1)
      return before === undefined ? Number.NaN : (own.timeMs - before.timeMs) / 1_000
    }
  }
}
