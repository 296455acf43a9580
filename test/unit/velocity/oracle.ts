// Windows by brute force over the records of a journal, from their definition: it knows nothing of buckets, trees or caches.
// Shares no code with src/velocity but names and slots, so that an error there is not repeated here.
import { COUNTERPARTS, type EntityType, RECORD_KINDS } from '../../../src/velocity/entity.ts'
import type { Horizons } from '../../../src/velocity/grid.ts'
import type { Hash64 } from '../../../src/velocity/pseudonym.ts'
import type { WindowSpec } from '../../../src/velocity/window.ts'

export interface RawRecord {
  readonly id: bigint
  readonly timeMs: number
  readonly kind: number
  /** Null when unknown. */
  readonly amount: number | null
  readonly counterparts: readonly number[]
  /** Of a label: the labelled event and its time. */
  readonly labelled: bigint
  readonly eventMs: number
  readonly position: number
}

const LABELS: readonly number[] = [RECORD_KINDS.fraud, RECORD_KINDS.genuine]
const isLabel = ({ kind }: RawRecord): boolean => LABELS.includes(kind)

/** The records that stand in `bytes` without header. */
export function recordsIn(bytes: Uint8Array): RawRecord[] {
  const buffer = Buffer.from(bytes)
  return Array.from({ length: buffer.length / 52 }, (_, number) => {
    const at = number * 52
    return {
      timeMs: buffer.readUIntLE(at, 6),
      kind: buffer.readUInt8(at + 6),
      amount: buffer.readUInt8(at + 7) === 1 ? null : buffer.readDoubleLE(at + 8),
      id: buffer.readBigUInt64LE(at + 16),
      counterparts: [24, 30, 36, 42].map((offset) => buffer.readUIntLE(at + offset, 6)),
      labelled: buffer.readBigUInt64LE(at + 24),
      eventMs: buffer.readUIntLE(at + 32, 6),
      position: buffer.readUInt32LE(at + 48),
    }
  })
}

/** Every record of a whole journal that was never coalesced, repeated ids included. */
export function rawRecords(journal: Uint8Array): RawRecord[] {
  if (Buffer.from(journal).readUInt32LE(16) !== 0) throw new Error('the journal was coalesced')
  return recordsIn(journal.subarray(32))
}

export const idOf = ({ low, high }: Hash64): bigint => (BigInt(high) << 32n) | BigInt(low)

/** The records that count, in journal order, and all labels: of those with the same id only the first, and none that came too late. */
export function countedRecords(records: readonly RawRecord[], { allowedLatenessMs }: Horizons): RawRecord[] {
  const seen = new Set<bigint>()
  const counted: RawRecord[] = []
  let newestMs = Number.NEGATIVE_INFINITY
  for (const record of records) {
    if (isLabel(record)) {
      counted.push(record)
      continue
    }
    if (seen.has(record.id) || record.timeMs < newestMs - allowedLatenessMs) continue
    seen.add(record.id)
    counted.push(record)
    newestMs = Math.max(newestMs, record.timeMs)
  }
  return counted
}

/** The edge of a window: exact, or rounded down to a multiple of the largest power of two that is at most 1 % of its age. */
function edge(timeMs: number, ageMs: number, { exactHorizonMs }: Horizons): number {
  if (ageMs <= exactHorizonMs) return timeMs - ageMs
  let step = 1
  while (step * 2 * 100 <= ageMs) step *= 2
  return ageMs < 100 ? timeMs - ageMs : Math.floor((timeMs - ageMs) / step) * step
}

interface Dated {
  readonly record: RawRecord
  readonly timeMs: number
}

/**
 * The windows of one event over one journal as it stood when the event's first record came; null when the event does not count in
 * it because it came too late.
 */
export function createOracle(
  counted: readonly RawRecord[],
  type: EntityType,
  id: bigint,
  minorPerMajor: number,
  horizons: Horizons,
): ((spec: WindowSpec) => number) | null {
  const end = counted.findIndex((record) => record.id === id && !isLabel(record))
  const own = counted[end]
  if (own === undefined) return null
  const prefix = counted.slice(0, end + 1)
  const current = new Map<bigint, RawRecord>()
  for (const label of prefix.filter(isLabel)) {
    const known = current.get(label.labelled)
    const wins =
      known === undefined ||
      label.timeMs > known.timeMs ||
      (label.timeMs === known.timeMs && label.id > known.id)
    if (wins) current.set(label.labelled, label)
  }
  const labels = [...current.values()]
  const events = prefix.filter((record) => !isLabel(record))

  function inside(spec: WindowSpec, kind: number, atEventTime: boolean): Dated[] {
    const { fn, lengthMs, delayMs } = spec
    const reach = fn === 'distance' || fn === 'speed' ? horizons.exactHorizonMs : horizons.retentionMs
    const fromMs = edge(own!.timeMs, Number.isFinite(lengthMs) ? lengthMs + delayMs : reach, horizons)
    const toMs = edge(own!.timeMs, delayMs, horizons)
    return (LABELS.includes(kind) ? labels : events)
      .filter((record) => record.kind === kind)
      .map((record) => ({ record, timeMs: atEventTime ? record.eventMs : record.timeMs }))
      .filter(({ timeMs }) => timeMs > fromMs && timeMs <= toMs)
      .sort((a, b) => a.timeMs - b.timeMs)
  }

  return (spec) => {
    const kind = RECORD_KINDS[spec.kind]
    const found = inside(spec, kind, spec.fn === 'rate')
    if (spec.fn !== 'rate') return valueOf(spec, type, found, own, minorPerMajor)
    const payments = inside(spec, RECORD_KINDS.payment, false).length
    return payments === 0 ? Number.NaN : found.length / payments
  }
}

function valueOf(
  spec: WindowSpec,
  type: EntityType,
  dated: readonly Dated[],
  own: RawRecord,
  minorPerMajor: number,
): number {
  const amounts = dated.flatMap(({ record: { amount } }) => (amount === null ? [] : [amount]))
  const sum = amounts.reduce((total, amount) => total + BigInt(amount), 0n)
  const before = dated.filter(({ record }) => record !== own)
  switch (spec.fn) {
    case 'count':
      return dated.length
    case 'sum':
      return Number(sum) / minorPerMajor
    case 'mean':
      return amounts.length > 0 ? Number(sum) / (amounts.length * minorPerMajor) : Number.NaN
    case 'min':
      return amounts.length > 0 ? Math.min(...amounts) / minorPerMajor : Number.NaN
    case 'max':
      return amounts.length > 0 ? Math.max(...amounts) / minorPerMajor : Number.NaN
    case 'stddev': {
      const count = amounts.length
      const squares = amounts.reduce((total, amount) => total + BigInt(amount) ** 2n, 0n)
      const spread = Number(BigInt(count) * squares - sum * sum)
      return count < 2 ? Number.NaN : Math.sqrt(spread / (count * (count - 1))) / minorPerMajor
    }
    case 'distinct': {
      const slot = COUNTERPARTS[type].findIndex((counterpart) => counterpart === spec.counterpart)
      const hashes = dated.map(({ record }) => record.counterparts[slot]!)
      return new Set(hashes.filter((hash) => hash !== 0)).size
    }
    case 'first_seen':
      return dated.length === 0 ? Number.NaN : (own.timeMs - dated[0]!.timeMs) / 1_000
    case 'last_seen': {
      const last = before.at(-1)
      return last === undefined ? Number.NaN : (own.timeMs - last.timeMs) / 1_000
    }
    case 'distance':
    case 'speed': {
      const last = before.findLast(({ record }) => record.position !== 0)
      if (last === undefined || own.position === 0) return Number.NaN
      const km = kilometres(last.record.position, own.position)
      return spec.fn === 'distance' ? km : km / (Math.max(1_000, own.timeMs - last.timeMs) / 3_600_000)
    }
    case 'rate':
      return Number.NaN
  }
}

/** By the angle between the two unit vectors. */
function kilometres(a: number, b: number): number {
  const vector = (position: number): [number, number, number] => {
    const lat = (((position >>> 16) - 1) / 65_534 - 0.5) * Math.PI
    const lon = (((position & 0xffff) - 1) / 65_534 - 0.5) * 2 * Math.PI
    return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)]
  }
  const [x, y, z] = vector(a)
  const [u, v, w] = vector(b)
  return 6_371.0088 * 2 * Math.asin(Math.min(1, Math.hypot(x - u, y - v, z - w) / 2))
}

/** Whether two values of a window are the same: to the bit, or where trigonometry was involved to nine digits. */
export function sameValue({ fn }: WindowSpec, actual: number, expected: number): boolean {
  if (Object.is(actual, expected)) return true
  const isMeasured = fn === 'distance' || fn === 'speed'
  return isMeasured && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
}
